using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Gradients;

/// <summary>A few layers with biases, of which some cannot change the loss because a batch-norm subtracts the batch's mean.</summary>
internal sealed class BiasGraph
{
    private const int Channels = 5;
    private static readonly Shape Image = new(2, 3, 7, 9);

    private static readonly Dictionary<string, string[]> UnmovedOf = new()
    {
        ["batch-norm"] = ["conv.bias"],
        ["transposed"] = ["deconv.bias"],
        ["residual"] = ["conv.bias", "inner.bias"],
        ["concat"] = ["conv.bias", "inner.bias"],
        ["pool"] = ["conv.bias"],
        ["frozen"] = [],
        ["second reader"] = [],
        ["half frozen"] = [],
        ["shared bias"] = [],
    };

    private BiasGraph(string kind, bool differentiate)
    {
        Value logits = Build(kind);
        Value labels = Graph.Input("labels", new Shape(logits.Shape.Batch, logits.Shape.Height, logits.Shape.Width), DataType.Int32);
        Loss = Graph.Add(new SoftmaxCrossEntropy("loss", logits, labels, 255)).Loss;
        Graph.MarkOutput(Loss);
        Unmoved = UnmovedOf[kind];
        if (differentiate)
            Differentiator.Differentiate(Graph, Loss, Add.OfGradients);
    }

    public static IReadOnlyCollection<string> Kinds => UnmovedOf.Keys;

    public Graph Graph { get; } = new();

    public Value Loss { get; }

    /// <summary>The biases whose gradient is zero in exact arithmetic.</summary>
    public IReadOnlyList<string> Unmoved { get; }

    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="differentiate">Whether gradients are wanted.</param>
    public static BiasGraph Create(string kind, bool differentiate = true) => new(kind, differentiate);

    private Value Build(string kind)
    {
        Value x = Graph.Input("x", Image);
        if (kind == "transposed")
            return BatchNorm("bn", Transposed("deconv", x));
        Value bias = Graph.Parameter("conv.bias", new Shape(Channels)), y = Convolution("conv", x, bias);
        return kind switch
        {
            "batch-norm" => BatchNorm("bn", y),
            "residual" => BatchNorm("out", Sum(y, Convolution("inner", BatchNorm("bn", y)))),
            "concat" => BatchNorm("out", Graph.Add(new Concat("cat", Convolution("inner", BatchNorm("bn", y)), y)).Output),
            "pool" => BatchNorm("bn", Graph.Add(new AveragePool("pool", y, 2)).Output),
            "frozen" => BatchNorm("bn", y, frozen: true),
            "second reader" => Sum(y, BatchNorm("bn", y)),
            "half frozen" => Sum(BatchNorm("bn", y), BatchNorm("frozen", y, frozen: true)),
            "shared bias" => Convolution("inner", BatchNorm("bn", y), bias),
            _ => throw new ArgumentException($"There is no graph '{kind}'.", nameof(kind)),
        };
    }

    private Value Convolution(string name, Value x, Value? bias = null)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(Channels, x.Shape.Channels, 3, 3));
        bias ??= Graph.Parameter(name + ".bias", new Shape(Channels));
        return Graph.Add(new Convolution(name, x, weights, bias, ConvolutionGeometry.Square(padding: 1))).Output;
    }

    private Value Transposed(string name, Value x)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(x.Shape.Channels, Channels, 3, 3));
        Value bias = Graph.Parameter(name + ".bias", new Shape(Channels));
        (int H, int W) size = ((2 * x.Shape.Height) - 1, 2 * x.Shape.Width);
        return Graph.Add(new TransposedConvolution(name, x, weights, bias, ConvolutionGeometry.Square(stride: 2, padding: 1), size)).Output;
    }

    private Value Sum(Value a, Value b) => Graph.Add(new Add("sum", Phase.Forward, a, b)).Output;

    private Value BatchNorm(string name, Value x, bool frozen = false)
    {
        var channels = new Shape(x.Shape.Channels);
        Value gamma = Graph.Parameter(name + ".weight", channels), beta = Graph.Parameter(name + ".bias", channels);
        BatchNormStatistics? statistics = frozen ? null : Graph.Add(new BatchNormStatistics(name, x));
        Value mean = statistics?.Mean ?? Graph.Buffer(name + ".running_mean", channels);
        Value variance = statistics?.Variance ?? Graph.Buffer(name + ".running_var", channels);
        return Graph.Add(new BatchNormApply(name, x, mean, variance, gamma, beta, !frozen)).Output;
    }
}
