using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>One layer of every kind, on random odd shapes, with a cross-entropy behind it and the gradients of both.</summary>
internal sealed class LayerGraph
{
    private const int Classes = 5;
    private readonly Random random;
    private readonly bool learnsInput;

    private LayerGraph(int seed, bool learnsInput)
    {
        random = new Random(seed);
        this.learnsInput = learnsInput;
    }

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "Convolution", "TransposedConvolution", "Linear", "Add", "Relu", "Concat", "BatchNorm", "FrozenBatchNorm", "FusedBatchNorm",
        "AveragePool", "GlobalAveragePool", "BilinearResize", "Softmax", "SoftmaxCrossEntropy",
    ];

    public Graph Graph { get; } = new();

    public Value Loss { get; private set; } = null!;

    /// <summary>Builds the layer and its gradients.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="seed">Chooses the shapes.</param>
    /// <param name="learnsInput">Whether the layer's inputs are parameters and so receive gradients, too.</param>
    /// <param name="differentiate">Whether gradients are wanted.</param>
    public static LayerGraph Create(string kind, int seed, bool learnsInput, bool differentiate)
    {
        var layer = new LayerGraph(seed, learnsInput);
        Value logits = layer.Build(kind);
        Shape s = logits.Shape;
        Value labels = layer.Graph.Input("labels", new Shape(s.Batch, s.Height, s.Width), DataType.Int32);
        layer.Loss = layer.Graph.Add(new SoftmaxCrossEntropy("loss", logits, labels, SoftmaxCrossEntropy.DefaultIgnoreLabel)).Loss;
        layer.Graph.MarkOutput(layer.Loss);
        if (differentiate)
            Differentiator.Differentiate(layer.Graph, layer.Loss, Add.OfGradients);
        return layer;
    }

    private Value Build(string kind) => kind switch
    {
        "Convolution" => Convolution(Activation("x", random.Next(1, 20))),
        "TransposedConvolution" => TransposedConvolution(),
        "Linear" => Linear(Activation("x", random.Next(1, 40), 1, 1)),
        "Add" => Graph.Add(new Add("sum", Phase.Forward, Weighted("a", new Shape(2, Classes, 5, 7)), Weighted("b", new Shape(2, Classes, 5, 7)))).Output,
        "Relu" => Graph.Add(new Relu("relu", Scaled("x", new Shape(2, Classes, 5, 7)))).Output,
        "Concat" => Graph.Add(new Concat("cat", Scaled("a", new Shape(2, 3, 5, 7)), Scaled("b", new Shape(2, 2, 5, 7)))).Output,
        "BatchNorm" => BatchNorm(frozen: false, fusedRelu: false),
        "FrozenBatchNorm" => BatchNorm(frozen: true, fusedRelu: true),
        "FusedBatchNorm" => BatchNorm(frozen: false, fusedRelu: true),
        "AveragePool" => Graph.Add(new AveragePool("pool", Scaled("x", new Shape(2, Classes, 7, 9)), 2)).Output,
        "GlobalAveragePool" => Graph.Add(new GlobalAveragePool("pool", Scaled("x", new Shape(3, Classes, 5, 7)))).Output,
        "BilinearResize" => Graph.Add(new BilinearResize("resize", Scaled("x", new Shape(2, Classes, 4, 5)), (random.Next(3, 17), random.Next(3, 17)))).Output,
        "Softmax" => Graph.Add(new Softmax("softmax", Scaled("x", new Shape(2, Classes, 5, 7)))).Output,
        "SoftmaxCrossEntropy" => Scaled("x", new Shape(2, Classes, 5, 7)),
        _ => throw new ArgumentException($"There is no layer '{kind}'.", nameof(kind)),
    };

    private Value Activation(string name, int channels, int height = 0, int width = 0)
    {
        var shape = new Shape(random.Next(1, 4), channels, height > 0 ? height : random.Next(5, 20), width > 0 ? width : random.Next(5, 20));
        return learnsInput ? Graph.Parameter(name, shape) : Graph.Input(name, shape);
    }

    /// <summary>What a layer that learns nothing reads: learned itself, or made by learned weights, so that there is a gradient to pass on.</summary>
    private Value Scaled(string name, Shape shape) => learnsInput ? Graph.Parameter(name, shape) : Weighted(name, shape);

    private Value Weighted(string name, Shape shape)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(shape.Channels, 3, 1, 1));
        Value x = Graph.Input(name, shape.WithChannels(3));
        return Graph.Add(new Convolution(name + ".conv", x, weights, null, ConvolutionGeometry.Square())).Output;
    }

    private (int Kernel, ConvolutionGeometry Geometry) Geometry()
    {
        int kernel = random.Next(2) == 0 ? 1 : 3, dilation = 1 << random.Next(4);
        return (kernel, ConvolutionGeometry.Square(random.Next(1, 3), dilation, dilation * (kernel / 2)));
    }

    private Value Convolution(Value x)
    {
        (int kernel, ConvolutionGeometry geometry) = Geometry();
        Value weights = Graph.Parameter("conv.weight", new Shape(Classes, x.Shape.Channels, kernel, kernel));
        return Graph.Add(new Convolution("conv", x, weights, Graph.Parameter("conv.bias", new Shape(Classes)), geometry)).Output;
    }

    private Value TransposedConvolution()
    {
        (int kernel, ConvolutionGeometry geometry) = Geometry();
        (int H, int W) size = (random.Next(5, 20), random.Next(5, 20));
        (int h, int w) = geometry.OutputSize(size.H, size.W, kernel, kernel);
        Value x = Activation("x", random.Next(1, 20), h, w);
        Value weights = Graph.Parameter("deconv.weight", new Shape(x.Shape.Channels, Classes, kernel, kernel));
        return Graph.Add(new TransposedConvolution("deconv", x, weights, Graph.Parameter("deconv.bias", new Shape(Classes)), geometry, size)).Output;
    }

    private Value Linear(Value x) => Graph.Add(new Linear("linear", x, Graph.Parameter("linear.weight", new Shape(Classes, x.Shape.Channels)),
        Graph.Parameter("linear.bias", new Shape(Classes)))).Output;

    private Value BatchNorm(bool frozen, bool fusedRelu)
    {
        Value x = Scaled("x", new Shape(2, Classes, 7, 5));
        var channels = new Shape(Classes);
        Value gamma = Graph.Parameter("bn.weight", channels), beta = Graph.Parameter("bn.bias", channels);
        Value mean, variance;
        if (frozen)
        {
            (mean, variance) = (Graph.Buffer("bn.running_mean", channels), Graph.Buffer("bn.running_var", channels));
        }
        else
        {
            BatchNormStatistics statistics = Graph.Add(new BatchNormStatistics("bn", x));
            (mean, variance) = (statistics.Mean, statistics.Variance);
        }

        return Graph.Add(new BatchNormApply("bn", x, mean, variance, gamma, beta, !frozen, fusedRelu)).Output;
    }
}
