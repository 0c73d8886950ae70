using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>One op on random odd shapes, and the length of the longest sum in it.</summary>
internal sealed class OpGraph
{
    private readonly Random random;
    private readonly bool copies;
    private readonly int[]? widths;
    private readonly int n, h, w;

    private OpGraph(int seed, bool copies, int[]? widths)
    {
        random = new Random(seed);
        this.copies = copies;
        this.widths = widths;
        (n, h, w) = (random.Next(1, 4), random.Next(5, 24), random.Next(5, 24));
    }

    public static IReadOnlyList<string> Convolutions { get; } =
    [
        nameof(Convolution), nameof(ConvolutionDataGradient), nameof(ConvolutionWeightGradient), nameof(TransposedConvolution),
        nameof(TransposedConvolutionDataGradient), nameof(TransposedConvolutionWeightGradient),
    ];

    public static IReadOnlyList<string> Kinds { get; } =
    [
        .. Convolutions, nameof(BiasGradient), nameof(Linear), nameof(LinearDataGradient), nameof(LinearWeightGradient), nameof(Add), nameof(Relu),
        nameof(ReluGradient), nameof(Concat), nameof(ChannelSlice), nameof(BatchNormStatistics), nameof(BatchNormApply),
        nameof(BatchNormGradient), nameof(RunningStatisticsUpdate), nameof(AveragePool), nameof(AveragePoolGradient), nameof(GlobalAveragePool),
        nameof(GlobalAveragePoolGradient), nameof(BilinearResize), nameof(BilinearResizeGradient), nameof(Softmax), nameof(SoftmaxGradient),
        nameof(SoftmaxCrossEntropy), nameof(SoftmaxCrossEntropyGradient), nameof(ArgMax),
        nameof(NormalizeImage), nameof(ConfusionCounts),
    ];

    public Graph Graph { get; } = new();

    /// <summary>Terms in the longest sum of products.</summary>
    public long Reduction { get; private set; } = 1;

    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="seed">Chooses the shapes.</param>
    /// <param name="copies">Whether images pass through another op first and so arrive in the backend's own layout.</param>
    /// <param name="widths">The channel counts that convolutions and batch-norm choose from; null for any up to 39.</param>
    public static OpGraph Create(string kind, int seed, bool copies, int[]? widths = null)
    {
        var graph = new OpGraph(seed, copies, widths);
        foreach (Value output in graph.Build(kind, seed).Outputs)
            graph.Graph.MarkOutput(output);
        return graph;
    }

    private Op Build(string kind, int seed) => kind switch
    {
        nameof(Linear) or nameof(LinearDataGradient) or nameof(LinearWeightGradient) => BuildLinear(kind),
        nameof(BatchNormStatistics) or nameof(BatchNormApply) or nameof(BatchNormGradient) or nameof(RunningStatisticsUpdate) => BuildBatchNorm(kind, seed),
        nameof(Softmax) or nameof(SoftmaxGradient) or nameof(SoftmaxCrossEntropy) or nameof(SoftmaxCrossEntropyGradient)
            or nameof(ArgMax) => BuildSoftmax(kind),
        nameof(NormalizeImage) => BuildNormalize(),
        nameof(ConfusionCounts) => BuildCounts(seed),
        _ when Convolutions.Contains(kind) => BuildConvolution(kind, seed),
        _ => BuildElementwise(kind),
    };

    private Op BuildConvolution(string kind, int seed)
    {
        int kernel = seed % 4 == 0 ? 1 : seed % 4 == 3 ? 7 : 3, dilation = kernel == 7 ? 1 : 1 << random.Next(4);
        ConvolutionGeometry geometry = ConvolutionGeometry.Square(random.Next(1, 3), dilation, dilation * (kernel / 2));
        (int i, int o) = (Channels(), Channels());
        (int oh, int ow) = geometry.OutputSize(h, w, kernel, kernel);
        (Shape x, Shape y) = (new Shape(n, i, h, w), new Shape(n, o, oh, ow));
        var weights = new Shape(o, i, kernel, kernel);
        ConvolutionGeometry exact = geometry.Exact(h, w, kernel, kernel);
        bool fused = seed % 2 == 0;
        Value? Bias(int channels) => fused ? Graph.Parameter("bias", new Shape(channels)) : null;
        Reduction = kind switch
        {
            nameof(Convolution) or nameof(TransposedConvolutionDataGradient) => weights.Count / o,
            nameof(ConvolutionDataGradient) or nameof(TransposedConvolution) => weights.Count / i,
            _ => y.Count / o,
        };
        return kind switch
        {
            nameof(Convolution) => Graph.Add(new Convolution("op", Image("x", x), Graph.Parameter("w", weights), Bias(o), geometry, fused,
                seed % 3 == 0 ? Owned("sum", y) : null)),
            nameof(ConvolutionDataGradient) => Graph.Add(new ConvolutionDataGradient("op", Image("dy", y), Graph.Parameter("w", weights), x, exact)),
            nameof(ConvolutionWeightGradient) => Learned(
                Graph.Add(new ConvolutionWeightGradient("op", Image("x", x), Image("dy", y), weights, exact)), learned: !fused),
            nameof(TransposedConvolution) => Graph.Add(new TransposedConvolution("op", Image("x", y), Graph.Parameter("w", weights), Bias(i), geometry, (h, w), fused)),
            nameof(TransposedConvolutionDataGradient) => Graph.Add(new TransposedConvolutionDataGradient("op", Image("dy", x), Graph.Parameter("w", weights), y, exact)),
            _ => Learned(
                Graph.Add(new TransposedConvolutionWeightGradient("op", Image("x", y), Image("dy", x), weights, exact)), learned: !fused),
        };
    }

    /// <summary>An op whose result is a parameter's gradient, which a backend may keep in another type than what lies between layers.</summary>
    private Op Learned(Op op, bool learned)
    {
        if (learned)
            op.Output.GradientOf = Graph.Parameter("w", op.Output.Shape);
        return op;
    }

    private Op BuildLinear(string kind)
    {
        (int i, int o) = (random.Next(1, 70), random.Next(1, 70));
        Value X() => Graph.Input("x", new Shape(n, i, 1, 1));
        Value Dy() => Graph.Input("dy", new Shape(n, o, 1, 1));
        Value Weights() => Graph.Parameter("w", new Shape(o, i));
        Reduction = Math.Max(i, o);
        return kind switch
        {
            nameof(Linear) => Graph.Add(new Linear("op", X(), Weights(), Graph.Parameter("bias", new Shape(o)))),
            nameof(LinearDataGradient) => Graph.Add(new LinearDataGradient("op", Dy(), Weights())),
            _ => Graph.Add(new LinearWeightGradient("op", X(), Dy())),
        };
    }

    private Op BuildBatchNorm(string kind, int seed)
    {
        int c = Channels();
        var channels = new Shape(c);
        var shape = new Shape(n, c, h, w);
        Reduction = shape.Count / c;
        if (kind == nameof(BatchNormStatistics))
            return Graph.Add(new BatchNormStatistics("op", Image("x", shape)));
        if (kind == nameof(RunningStatisticsUpdate))
        {
            return Graph.Add(new RunningStatisticsUpdate("op", Graph.Input("mean", channels), Graph.Input("var", channels),
                Graph.Buffer("running_mean", channels), Graph.Buffer("running_var", channels), Reduction, 0.25f));
        }

        bool batch = seed % 2 == 0;
        Value x = Image("x", shape);
        BatchNormStatistics? statistics = batch ? Graph.Add(new BatchNormStatistics("bn", x)) : null;
        var apply = new BatchNormApply("op", x, statistics?.Mean ?? Graph.Buffer("mean", channels), statistics?.Variance ?? Graph.Buffer("var", channels),
            Graph.Parameter("gamma", channels), Graph.Parameter("beta", channels), batch, fusedRelu: seed % 3 != 0);
        return kind == nameof(BatchNormApply)
            ? Graph.Add(apply)
            : Graph.Add(new BatchNormGradient(apply, Image("dy", shape), seed % 4 < 2 ? Image("addend", shape) : null));
    }

    private Op BuildSoftmax(string kind)
    {
        var shape = new Shape(n, random.Next(4, 25), h, w);
        Reduction = kind == nameof(SoftmaxCrossEntropy) ? shape.Count / shape.Channels : shape.Channels;
        Value x = Image("x", shape);
        switch (kind)
        {
            case nameof(Softmax):
                return Graph.Add(new Softmax("op", x));
            case nameof(SoftmaxGradient):
                return Graph.Add(new SoftmaxGradient("op", Graph.Add(new Softmax("y", x)).Output, Image("dy", shape)));
            case nameof(ArgMax):
                return Graph.Add(new ArgMax("op", x));
        }

        Value labels = Graph.Input("labels", new Shape(n, h, w), DataType.Int32);
        var loss = Graph.Add(new SoftmaxCrossEntropy("loss", x, labels, SoftmaxCrossEntropy.DefaultIgnoreLabel));
        return kind == nameof(SoftmaxCrossEntropy) ? loss : Graph.Add(new SoftmaxCrossEntropyGradient(loss));
    }

    private NormalizeImage BuildNormalize()
    {
        float Unit() => (random.Next(256) + 1) / 256f;
        return Graph.Add(new NormalizeImage("op", Graph.Input("x", new Shape(n, h, w, 3), DataType.UInt8),
            new ImageNormalization([Unit(), Unit(), Unit()], [Unit(), Unit(), Unit()])));
    }

    /// <summary>Labels below 3 and predictions below 6: as many classes, fewer, or more than a block of threads counts.</summary>
    private ConfusionCounts BuildCounts(int seed)
    {
        var shape = new Shape(n, h, w);
        int classes = (seed % 4) switch { 0 => 6, 1 => 2, 2 => 40, _ => 5 };
        Value labels = Graph.Input("labels", shape, DataType.Int32), predictions = Graph.Input("classes", shape, DataType.UInt8);
        int ignoreLabel = seed % 3 == 0 ? 1 : SoftmaxCrossEntropy.DefaultIgnoreLabel;
        return Graph.Add(new ConfusionCounts("op", labels, predictions, classes, ignoreLabel));
    }

    private Op BuildElementwise(string kind)
    {
        int c = random.Next(2, 40);
        var shape = new Shape(n, c, h, w);
        (int H, int W) size = (random.Next(3, 50), random.Next(3, 50));
        Reduction = kind is nameof(BiasGradient) or nameof(GlobalAveragePool) ? shape.Count / c : 4;
        return kind switch
        {
            nameof(BiasGradient) => Graph.Add(new BiasGradient("op", Image("dy", shape))),
            nameof(Add) => Graph.Add(new Add("op", Phase.Forward, Image("a", shape), Image("b", shape))),
            nameof(Relu) => Graph.Add(new Relu("op", Image("x", shape))),
            nameof(ReluGradient) => Graph.Add(new ReluGradient("op", Image("y", shape), Image("dy", shape))),
            nameof(Concat) => Graph.Add(new Concat("op", Image("a", shape), Image("b", shape.WithChannels(random.Next(1, 40))))),
            nameof(ChannelSlice) => Graph.Add(new ChannelSlice("op", Image("x", shape), c / 2, c - (c / 2))),
            nameof(AveragePool) => Graph.Add(new AveragePool("op", Image("x", shape), random.Next(1, 4))),
            nameof(AveragePoolGradient) => Graph.Add(new AveragePoolGradient("op", Image("dy", shape.WithSize(h / 2, w / 2)), shape, 2)),
            nameof(GlobalAveragePool) => Graph.Add(new GlobalAveragePool("op", Image("x", shape))),
            nameof(GlobalAveragePoolGradient) => Graph.Add(new GlobalAveragePoolGradient("op", Graph.Input("dy", shape.WithSize(1, 1)), shape)),
            nameof(BilinearResize) => Graph.Add(new BilinearResize("op", Image("x", shape), size)),
            nameof(BilinearResizeGradient) => Graph.Add(new BilinearResizeGradient("op", Image("dy", shape.WithSize(size.H, size.W)), shape)),
            _ => throw new ArgumentException($"There is no op '{kind}'.", nameof(kind)),
        };
    }

    private int Channels() => widths is null ? random.Next(1, 40) : widths[random.Next(widths.Length)];

    private Value Image(string name, Shape shape) => copies ? Owned(name, shape) : Graph.Input(name, shape);

    private Value Owned(string name, Shape shape) =>
        Graph.Add(new Add(name + ".copy", Phase.Forward, Graph.Input(name, shape), Graph.Input(name + ".more", shape))).Output;
}
