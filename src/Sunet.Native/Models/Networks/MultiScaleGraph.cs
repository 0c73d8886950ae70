using System.Globalization;
using Sunet.Native.Compilation.Passes;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Networks;

/// <summary>
/// A segmenter at several scales, with or without the mirrored image, as one graph from an image to the mean of the class probabilities.
/// The networks run one after the other on one set of weights, and only their small logits are kept until the mean is made.
/// </summary>
internal sealed class MultiScaleGraph
{
    private readonly AverageProbabilities average;
    private readonly int networksOfScale;

    private MultiScaleGraph(Graph graph, Value image, Value? mirroredImage, AverageProbabilities average, int networksOfScale)
    {
        Graph = graph;
        Image = image;
        MirroredImage = mirroredImage;
        this.average = average;
        this.networksOfScale = networksOfScale;
    }

    /// <summary>The graph.</summary>
    public Graph Graph { get; }

    /// <summary>Bytes [N, H, W, 3], or normalised pixels [N, 3, H, W] where the graph was built for pixels.</summary>
    public Value Image { get; }

    /// <summary>The normalised pixels mirrored left to right, where the graph was built for pixels and mirrors; else null.</summary>
    public Value? MirroredImage { get; }

    /// <summary>The mean of the probabilities, [N, classes, H, W].</summary>
    public Value Average => average.Output;

    /// <summary>
    /// The ops of each scale with its mirrored image, in running order; what follows the networks is among those of the last scale.
    /// </summary>
    public IReadOnlyList<Range> Scales
    {
        get
        {
            List<Op> ops = [.. Graph.Ops];
            int[] ends =
            [
                .. average.Scales.Where((_, i) => (i + 1) % networksOfScale == 0).Select(s => ops.IndexOf(s.Logits.Producer!) + 1),
            ];
            ends[^1] = ops.Count;
            return [.. ends.Select((end, i) => (i == 0 ? 0 : ends[i - 1])..end)];
        }
    }

    /// <summary>Builds the graph for images in bytes.</summary>
    /// <param name="spec">A segmenter.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="sizes">Height and width of the network's input at each scale, from 32 up.</param>
    /// <param name="mirrors">Whether the mirrored image is predicted, too.</param>
    /// <exception cref="ConfigurationException">A size or the spec is out of range.</exception>
    public static MultiScaleGraph ForImages(SunetSpec spec, Shape image, IReadOnlyList<(int H, int W)> sizes, bool mirrors)
    {
        var graph = new Graph();
        Value bytes = graph.Input("image", new Shape(image.Batch, image.Height, image.Width, image.Channels), DataType.UInt8);

        // Each network normalises for itself: it takes little time, and nothing but the bytes is kept from one to the next.
        AverageProbabilities average = Build(graph, spec, image, sizes, mirrors, (place, isMirrored) =>
            graph.Add(new NormalizeImage("normalize" + place, bytes, spec.Normalization, isMirrored)).Output);
        return new MultiScaleGraph(graph, bytes, null, average, mirrors ? 2 : 1);
    }

    /// <summary>Builds the graph for normalised pixels, of which the caller also gives the mirrored ones.</summary>
    /// <param name="spec">A segmenter.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="sizes">Height and width of the network's input at each scale, from 32 up.</param>
    /// <param name="mirrors">Whether the mirrored image is predicted, too.</param>
    /// <exception cref="ConfigurationException">A size or the spec is out of range.</exception>
    public static MultiScaleGraph ForPixels(SunetSpec spec, Shape image, IReadOnlyList<(int H, int W)> sizes, bool mirrors)
    {
        var graph = new Graph();
        Value pixels = graph.Input("image", image);
        Value? mirrored = mirrors ? graph.Input("mirrored_image", image) : null;
        AverageProbabilities average = Build(graph, spec, image, sizes, mirrors, (_, isMirrored) => isMirrored ? mirrored! : pixels);
        return new MultiScaleGraph(graph, pixels, mirrored, average, mirrors ? 2 : 1);
    }

    /// <summary>Makes the mean an output.</summary>
    public Value AppendProbabilities() => Graph.MarkOutput(Average);

    /// <summary>Appends the index of the likeliest class, bytes [N, H, W], as an output.</summary>
    public Value AppendArgMax() => Graph.MarkOutput(Graph.Add(new ArgMax("argmax", Average)).Output);

    /// <summary>
    /// Appends the likeliest classes and their counts against labels, int32 [N, H, W], which become an input; all are outputs.
    /// </summary>
    public ConfusionCounts AppendConfusionCounts() =>
        SunetGraph.AppendCounts(Graph, AppendArgMax(), Average.Shape.Channels, SoftmaxCrossEntropy.DefaultIgnoreLabel);

    private static AverageProbabilities Build(
        Graph graph, SunetSpec spec, Shape image, IReadOnlyList<(int H, int W)> sizes, bool mirrors, Func<string, bool, Value> input)
    {
        spec.Validated();
        if (spec.Head != SunetHead.Segmenter || image.Rank != 4 || image.Channels != 3
            || sizes.Any(s => Math.Min(s.H, s.W) < SunetGraph.SmallestSize))
        {
            throw new ConfigurationException("A network at several scales is a segmenter and takes images [N, 3, H, W], at every scale of "
                + $"{SunetGraph.SmallestSize} pixels a side or more; got {image}.");
        }

        var logits = new List<ScaledLogits>();
        var layers = new LayerBuilder(graph, BatchNormMode.Inference, batchNormMomentum: 0);
        foreach ((int H, int W) size in sizes)
        {
            layers = layers.Resized("");
            foreach (bool isMirrored in mirrors ? (bool[])[false, true] : [false])
            {
                string place = string.Create(CultureInfo.InvariantCulture, $" ({size.H} x {size.W}{(isMirrored ? ", mirrored" : "")})");
                Value x = input(place, isMirrored);
                if (size != (image.Height, image.Width))
                    x = graph.Add(new BilinearResize("resize" + place, x, size)).Output;
                logits.Add(new ScaledLogits(SunetGraph.LowLogitsOf(layers.Repeated(place), spec, x), size, isMirrored));
            }
        }

        AverageProbabilities average = graph.Add(new AverageProbabilities("average", logits, (image.Height, image.Width)));
        PassPipeline.ForInference(graph);
        return average;
    }
}
