using Sunet.Native.Compilation.Passes;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Networks;

/// <summary>A Stacked U-Net as a graph: its input and the values a caller reads.</summary>
public sealed class SunetGraph
{
    private readonly (int H, int W) imageSize;
    private readonly IReadOnlyList<NetworkLevel> built;

    private SunetGraph(Graph graph, Value image, (int H, int W) imageSize, IReadOnlyList<NetworkLevel> built)
    {
        Graph = graph;
        Image = image;
        this.imageSize = imageSize;
        this.built = built;
    }

    /// <summary>The graph.</summary>
    public Graph Graph { get; }

    /// <summary>Normalised pixels, [N, 3, H, W]; pixels as they are, bytes [N, H, W, 3], where the graph was built for images.</summary>
    public Value Image { get; }

    /// <summary>Logits at the features' size, [N, classes, H / stride, W / stride]; [N, classes, 1, 1] for a classifier.</summary>
    public required Value LowLogits { get; init; }

    /// <summary>Logits at the network's input size, [N, classes, H, W]; the low logits for a classifier.</summary>
    public required Value Logits { get; init; }

    /// <summary>The levels that a graph made by <see cref="ForActivations"/> keeps, in running order; empty for others.</summary>
    internal IReadOnlyList<NetworkLevel> Levels { get; private set; } = [];

    /// <summary>
    /// The updates of running statistics in a graph for <see cref="ForStatistics"/>, whose outputs are the statistics of the batch; empty
    /// for others.
    /// </summary>
    public IReadOnlyList<RunningStatisticsUpdate> Statistics { get; private set; } = [];

    /// <summary>
    /// Labels of a graph that trains or counts, [N, H, W] or [N, 1, 1]: bytes where a training graph takes its images in bytes, else int32.
    /// Null for others.
    /// </summary>
    public Value? Labels { get; private set; }

    /// <summary>The loss of a training graph; null for inference.</summary>
    public SoftmaxLoss? Loss { get; private set; }

    /// <summary>The smallest height and width a network takes: the stem, the residual block and the pools halve five times.</summary>
    public const int SmallestSize = 32;

    /// <summary>Builds the forward graph for prediction: fixed statistics, batch-norm folded, ReLU and residual sums fused.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="networkSize">Height and width the image is resized to first, from 32 up; null leaves it as it is.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    public static SunetGraph ForInference(SunetSpec spec, Shape image, (int H, int W)? networkSize = null) =>
        Fused(Build(spec, image, BatchNormMode.Inference, batchNormMomentum: 0, networkSize, takesBytes: false));

    /// <summary>
    /// Builds the forward graph for prediction from images in bytes, [N, H, W, 3], which the graph normalises as the spec says.
    /// </summary>
    /// <param name="spec">The network.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="networkSize">Height and width the image is resized to first, from 32 up; null leaves it as it is.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    public static SunetGraph ForImages(SunetSpec spec, Shape image, (int H, int W)? networkSize = null) =>
        Fused(Build(spec, image, BatchNormMode.Inference, batchNormMomentum: 0, networkSize, takesBytes: true));

    /// <summary>
    /// Builds the forward graph of <see cref="ForImages"/> with every level of the network readable after a run: the stem's convolution,
    /// the residual block, and of each u-net module the way down, the way up and the sum (the levels of the paper's Table 1, and within
    /// them those of Figure 1). The levels are the results of convolutions and sums, before the batch-norm and ReLU of the next layer.
    /// </summary>
    /// <param name="spec">The network.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="networkSize">Height and width the image is resized to first, from 32 up; null leaves it as it is.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    public static SunetGraph ForActivations(SunetSpec spec, Shape image, (int H, int W)? networkSize = null)
    {
        SunetGraph network = Build(spec, image, BatchNormMode.Inference, batchNormMomentum: 0, networkSize, takesBytes: true);
        foreach (NetworkLevel level in network.built)
            network.Graph.MarkOutput(level.Value);
        Fused(network);

        // A pass may have put another value into a level's place among the outputs.
        network.Levels = [.. network.built.Select((level, index) => level with { Value = network.Graph.Outputs[index] })];
        return network;
    }

    /// <summary>
    /// Appends the class probabilities at the image's own size, [N, classes, H, W], as an output; a classifier's are [N, classes, 1, 1].
    /// </summary>
    public Value AppendProbabilities()
    {
        Value probabilities = Graph.Add(new Softmax("softmax", Logits)).Output;
        if (Logits != LowLogits && (Logits.Shape.Height, Logits.Shape.Width) != imageSize)
            probabilities = Graph.Add(new BilinearResize("restore", probabilities, imageSize)).Output;
        return Graph.MarkOutput(probabilities);
    }

    /// <summary>Appends the index of the likeliest class at the network's input size, bytes [N, H, W], as an output.</summary>
    public Value AppendArgMax() => Graph.MarkOutput(Graph.Add(new ArgMax("argmax", Logits)).Output);

    /// <summary>
    /// Appends the likeliest classes, as <see cref="AppendArgMax"/> does, and their counts against labels, which become an input; all are
    /// outputs.
    /// </summary>
    /// <param name="ignoreLabel">The label that takes no part.</param>
    public ConfusionCounts AppendConfusionCounts(int ignoreLabel = SoftmaxCrossEntropy.DefaultIgnoreLabel)
    {
        ConfusionCounts counts = AppendCounts(Graph, AppendArgMax(), Logits.Shape.Channels, ignoreLabel);
        Labels = counts.Labels;
        return counts;
    }

    /// <summary>Appends counts of predicted classes against labels, which become an input; the counts are outputs.</summary>
    internal static ConfusionCounts AppendCounts(Graph graph, Value predictions, int classes, int ignoreLabel)
    {
        Value labels = graph.Input("labels", predictions.Shape, DataType.Int32);
        ConfusionCounts counts = graph.Add(new ConfusionCounts("confusion", labels, predictions, classes, ignoreLabel));
        graph.MarkOutput(counts.Counts);
        graph.MarkOutput(counts.Invalid);
        return counts;
    }

    /// <summary>Builds the graph of one training step: forward, loss, backward, running statistics.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="image">[N, 3, H, W], H and W from 32 up.</param>
    /// <param name="options">Batch-norm and loss.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    internal static SunetGraph ForTraining(SunetSpec spec, Shape image, TrainingGraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SunetGraph result = Build(spec, image, options.FrozenBatchNorm ? BatchNormMode.Frozen : BatchNormMode.Training,
            options.BatchNormMomentum, networkSize: null, options.TakesBytes);
        Shape logits = result.Logits.Shape;
        result.Labels = result.Graph.Input("labels", new Shape(logits.Batch, logits.Height, logits.Width),
            options.TakesBytes ? DataType.UInt8 : DataType.Int32);
        result.Loss = result.AppendLoss(options);
        foreach (Value value in new[] { result.Loss.Loss, result.Loss.Counted, result.Loss.Invalid })
            result.Graph.MarkOutput(value);
        PassPipeline.ForTraining(result.Graph, result.Loss.Loss);
        return result;
    }

    /// <summary>
    /// Builds the forward graph that normalises with every batch's own statistics, which are its outputs. Nothing behind the last
    /// batch-norm is in it.
    /// </summary>
    /// <param name="spec">The network.</param>
    /// <param name="image">[N, 3, H, W], H and W from 32 up.</param>
    /// <param name="takesBytes">Whether the input is pixels as they are, bytes [N, H, W, 3], rather than normalised ones.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    public static SunetGraph ForStatistics(SunetSpec spec, Shape image, bool takesBytes = false)
    {
        SunetGraph result = Build(spec, image, BatchNormMode.Training, batchNormMomentum: 0, networkSize: null, takesBytes);
        result.Statistics = [.. result.Graph.Ops.OfType<RunningStatisticsUpdate>()];
        foreach (RunningStatisticsUpdate update in result.Statistics)
        {
            result.Graph.MarkOutput(update.BatchMean);
            result.Graph.MarkOutput(update.BatchVariance);
        }

        PassPipeline.ForBatchStatistics(result.Graph);
        return result;
    }

    /// <summary>Builds the plain forward graph, before any pass: one op a layer, as the paper has them.</summary>
    internal static SunetGraph Build(SunetSpec spec, Shape image, BatchNormMode mode, float batchNormMomentum,
        (int H, int W)? networkSize = null) => Build(spec, image, mode, batchNormMomentum, networkSize, takesBytes: false);

    private static SunetGraph Build(
        SunetSpec spec, Shape image, BatchNormMode mode, float batchNormMomentum, (int H, int W)? networkSize, bool takesBytes)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validated();
        (int H, int W) size = networkSize ?? (image.Height, image.Width);
        if (image.Rank != 4 || image.Channels != 3 || size.H < SmallestSize || size.W < SmallestSize)
            throw new ConfigurationException($"A SUNet takes images [N, 3, H, W] with H and W from {SmallestSize} up; got {image}.");

        var graph = new Graph();
        Value input = takesBytes
            ? graph.Input("image", new Shape(image.Batch, image.Height, image.Width, image.Channels), DataType.UInt8)
            : graph.Input("image", image);
        Value x = takesBytes ? graph.Add(new NormalizeImage("normalize", input, spec.Normalization)).Output : input;
        if (size != (image.Height, image.Width))
            x = graph.Add(new BilinearResize("resize", x, size)).Output;
        var layers = new LayerBuilder(graph, mode, batchNormMomentum);
        Value low = LowLogitsOf(layers, spec, x);
        Value logits = spec.Head == SunetHead.Classifier
            ? low
            : graph.Add(new BilinearResize("upsample", low, size)).Output;
        return new SunetGraph(graph, input, (image.Height, image.Width), layers.Levels) { LowLogits = low, Logits = logits };
    }

    /// <summary>Adds a network from its input, of its own size, to its logits at the features' size.</summary>
    internal static Value LowLogitsOf(LayerBuilder layers, SunetSpec spec, Value x)
    {
        Value features = Features(layers, spec, x);
        return spec.Head == SunetHead.Classifier ? Classify(layers, spec, features) : Segment(layers, spec, features);
    }

    private SoftmaxLoss AppendLoss(TrainingGraphOptions options)
    {
        Value labels = options.TakesBytes ? Graph.Add(new WidenLabels("widen", Labels!)).Output : Labels!;
        return options.WeightsClasses
            ? Graph.Add(new DiceCrossEntropy("loss", Logits, labels, Graph.Input("class_weights", new Shape(Logits.Shape.Channels)),
                options.IgnoreLabel, options.LabelSmoothing, options.DiceWeight))
            : Graph.Add(new SoftmaxCrossEntropy("loss", Logits, labels, options.IgnoreLabel));
    }

    private static SunetGraph Fused(SunetGraph network)
    {
        PassPipeline.ForInference(network.Graph);
        return network;
    }

    private static Value Features(LayerBuilder layers, SunetSpec spec, Value x)
    {
        SunetConfig config = spec.Config;
        x = layers.Level("features", "features.conv1", layers.Convolution("features.conv1", x, config.StemWidth, kernel: 7, stride: 2));
        x = layers.Level("features", "features.residual1", ResidualBlock(layers, "features.residual1", x, config.ResidualWidth));
        for (int block = 0; block < 4; block++)
        {
            for (int i = 0; i < config.Modules[block]; i++)
            {
                x = new UNetModule(layers, $"features.unet{block + 1}_{i}", config.Widths[block], config.Filters,
                    levels: block == 3 ? 1 : 2, rate: 2 * (block - spec.PooledBlocks), spec.Multigrid).Build(x);
            }

            if (block < spec.PooledBlocks)
                x = layers.Graph.Add(new AveragePool(layers.OpName($"features.avgpool{block + 1}"), x, window: 2)).Output;
        }

        return layers.BatchNormRelu("features.bn2", x);
    }

    private static Value ResidualBlock(LayerBuilder layers, string name, Value x, int channels)
    {
        x = layers.BatchNormRelu($"{name}.bn.0", x);
        Value y = layers.Convolution($"{name}.conv.0", x, channels, kernel: 3, stride: 2);
        y = layers.BatchNormRelu($"{name}.conv.2", y);
        y = layers.Convolution($"{name}.conv.4", y, channels, kernel: 3);
        Value shortcut = layers.Convolution($"{name}.shortcut.0", x, channels, kernel: 1, stride: 2);
        return layers.Graph.Add(new Add(layers.OpName($"{name}.sum"), Phase.Forward, y, shortcut)).Output;
    }

    private static Value Classify(LayerBuilder layers, SunetSpec spec, Value features)
    {
        Value pooled = layers.Graph.Add(new GlobalAveragePool("pool", features)).Output;
        return layers.Linear("linear", pooled, spec.Classes);
    }

    private static Value Segment(LayerBuilder layers, SunetSpec spec, Value x)
    {
        const int degridWidth = 512;
        if (!spec.Degrid)
            return layers.Convolution("final.conv1", x, spec.Classes, kernel: 1);
        x = layers.Convolution("final.conv1", x, degridWidth, kernel: 3, stride: 1, dilation: 2);
        x = layers.BatchNormRelu("final.bn1", x);
        x = layers.Convolution("final.conv2", x, degridWidth, kernel: 3);
        x = layers.BatchNormRelu("final.bn2", x);
        return layers.Convolution("final.conv3", x, spec.Classes, kernel: 1);
    }
}

/// <summary>The parts of a training graph beside the network.</summary>
internal sealed record TrainingGraphOptions
{
    /// <summary>Whether images are bytes [N, H, W, 3], normalised as the spec says, and labels bytes [N, H, W].</summary>
    public bool TakesBytes { get; init; }

    /// <summary>PyTorch's momentum: the weight of a batch in the running statistics. 0.01 is the paper's decay of 0.99.</summary>
    public float BatchNormMomentum { get; init; } = 0.01f;

    /// <summary>Whether running statistics are used and kept as they are.</summary>
    public bool FrozenBatchNorm { get; init; }

    /// <summary>The label that takes no part in the loss; -1 for a classifier, whose label 255 is a class.</summary>
    public int IgnoreLabel { get; init; } = Ops.SoftmaxCrossEntropy.DefaultIgnoreLabel;

    /// <summary>Whether the loss is a <see cref="DiceCrossEntropy"/>, whose class weights are an input.</summary>
    public bool WeightsClasses { get; init; }

    /// <summary>The share of every target that is spread over all classes, if classes are weighted.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>Times the Dice loss, if classes are weighted.</summary>
    public float DiceWeight { get; init; }
}
