using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>What a prediction is made from, and the kind of result that it gives.</summary>
internal enum PredictionKind
{
    /// <summary>The mean over scales and flips of the probabilities of all classes, from the image's bytes.</summary>
    Probabilities,

    /// <summary>The mean over scales and flips of the probabilities of all classes, from normalised pixels.</summary>
    ProbabilitiesOfPixels,

    /// <summary>The likeliest classes, from the image's bytes.</summary>
    Labels,

    /// <summary>The likeliest classes counted against given labels, from the image's bytes.</summary>
    Counts,
}

/// <summary>
/// A compiled prediction of one image size at all scales, with the mirrored image where that is asked for: one plan, of which the image
/// goes in and the result comes out. Where the image is predicted once, at its own size, labels come straight from the logits.
/// </summary>
internal sealed class PredictionPlan : IDisposable
{
    private readonly Plan plan;
    private readonly List<PreparedWork> scales = [];
    private readonly Value image, output;
    private readonly Value? mirroredImage;
    private readonly ConfusionCounts? counts;
    private readonly PlanImages images;
    private readonly int pixels;

    /// <param name="model">The weights.</param>
    /// <param name="shape">[N, 3, H, W].</param>
    /// <param name="factors">The factors on height and width.</param>
    /// <param name="mirrors">Whether the mirrored image is predicted, too.</param>
    /// <param name="kind">What is wanted.</param>
    /// <param name="concurrency">How many plans of the size are meant to run at a time.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="weights">What other plans of the model have loaded.</param>
    /// <param name="cancellation">Stops compiling.</param>
    public PredictionPlan(
        ISunetWeights model, Shape shape, IReadOnlyList<double> factors, bool mirrors, PredictionKind kind, int concurrency,
        IBackend backend, WeightStore weights, CancellationToken cancellation)
    {
        (int H, int W)[] sizes = [.. factors.Select(f => (Scaled(shape.Height, f), Scaled(shape.Width, f)))];
        bool isDirect = kind is PredictionKind.Labels or PredictionKind.Counts && !mirrors
            && sizes is [var size] && size == (shape.Height, shape.Width);
        Graph graph;
        IReadOnlyList<Range> parts;
        if (isDirect)
        {
            SunetGraph network = SunetGraph.ForImages(model.Spec, shape);
            (graph, image) = (network.Graph, network.Image);
            counts = kind == PredictionKind.Counts ? network.AppendConfusionCounts() : null;
            output = counts?.Predictions ?? network.AppendArgMax();
            parts = [new Range(0, graph.Ops.Count)];
        }
        else
        {
            MultiScaleGraph networks = kind == PredictionKind.ProbabilitiesOfPixels
                ? MultiScaleGraph.ForPixels(model.Spec, shape, sizes, mirrors)
                : MultiScaleGraph.ForImages(model.Spec, shape, sizes, mirrors);
            (graph, image, mirroredImage) = (networks.Graph, networks.Image, networks.MirroredImage);
            counts = kind == PredictionKind.Counts ? networks.AppendConfusionCounts() : null;
            output = kind is PredictionKind.Probabilities or PredictionKind.ProbabilitiesOfPixels
                ? networks.AppendProbabilities()
                : counts?.Predictions ?? networks.AppendArgMax();
            parts = networks.Scales;
        }

        var options = new PlanOptions
        {
            Weights = weights, BufferBytes = output.Shape.Count * output.Type.Bytes(), Concurrency = concurrency,
        };
        plan = Plan.Compile(graph, backend, options, cancellation);
        images = new PlanImages(plan, image, output);
        pixels = shape.Height * shape.Width;
        try
        {
            plan.Load(new SoundWeights(model).Read, cancellation);
            foreach (Range part in parts)
                scales.Add(plan.Record(part));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The plan.</summary>
    internal Plan Plan => plan;

    /// <summary>All that it takes on its device beside the weights that it shares.</summary>
    public long Bytes => plan.MemoryBytes;

    /// <summary>Mean probabilities [N, classes, H, W] of normalised pixels [N, 3, H, W] and of the mirrored ones, if it mirrors.</summary>
    public void Average(ref PredictionWatch watch, ReadOnlySpan<float> pixels, ReadOnlySpan<float> mirrored, Span<float> probabilities)
    {
        plan.Write(image, pixels);
        if (mirroredImage is not null)
            plan.Write(mirroredImage, mirrored);
        Forward(ref watch);
        plan.Read(output, probabilities);
    }

    /// <summary>Mean probabilities [N, classes, H, W] of an image, or of N below each other.</summary>
    public void Average(ref PredictionWatch watch, ImagePixels source, Span<float> probabilities)
    {
        images.Write(source);
        Forward(ref watch);
        plan.Read(output, probabilities);
    }

    /// <summary>Labels of an image, or of N below each other.</summary>
    public void Label(ref PredictionWatch watch, ImagePixels source, Span2D<byte> labels)
    {
        images.Write(source);
        Forward(ref watch);
        images.Read(labels);
    }

    /// <summary>Labels of up to N images of a stream. One whose memory cannot be used is refused, and the others go on.</summary>
    public void Label(ref PredictionWatch watch, IReadOnlyList<StreamImage> batch)
    {
        Span<byte> rows = images.Staging();
        for (int i = 0; i < batch.Count; i++)
        {
            try
            {
                batch[i].Request!.Source.CopyTo(rows.Slice(3 * i * pixels, 3 * pixels));
            }
            catch (Exception failure)
            {
                // The memory is the caller's, and may be gone.
                batch[i].Refuse(failure);
            }
        }

        images.Write(rows);
        Forward(ref watch);
        ReadOnlySpan<byte> labels = images.Fetch();
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Failure is null)
                Scatter(labels.Slice(i * pixels, pixels), batch[i]);
        }
    }

    /// <summary>
    /// Labels [N, H, W] of images [N, H, W, 3], both on the device. Whatever happens, nothing reads or writes the caller's memory any more
    /// when it returns.
    /// </summary>
    public void LabelOnDevice(ref PredictionWatch watch, nint source, nint labels)
    {
        try
        {
            plan.WriteFrom(image, source);
            Forward(ref watch);
            plan.ReadTo(output, labels);
        }
        finally
        {
            plan.Synchronize();
        }
    }

    /// <summary>
    /// Counts the likeliest classes of an image against given labels [H, W]; only the counts come back from the device, and the classes
    /// where there is room for them.
    /// </summary>
    /// <returns>How many labels were no class, nor ignored; they are not among the counts.</returns>
    public int Count(ref PredictionWatch watch, ImagePixels source, ReadOnlySpan<int> labels, Span<int> matrix, Span2D<byte> predictions)
    {
        images.Write(source);
        plan.Write(counts!.Labels, labels);
        Forward(ref watch);
        plan.Read(counts.Counts, matrix);
        if (!predictions.IsEmpty)
            images.Read(predictions);
        return plan.ReadInteger(counts.Invalid);
    }

    public void Dispose()
    {
        scales.ForEach(s => s.Dispose());
        plan.Dispose();
    }

    private void Forward(ref PredictionWatch watch)
    {
        foreach (PreparedWork scale in scales)
        {
            watch.Before();
            scale.Run();
            if (watch.IsWatched)
                plan.Synchronize();
            watch.After();
        }
    }

    private static void Scatter(ReadOnlySpan<byte> labels, StreamImage image)
    {
        try
        {
            Span2D<byte> wanted = image.Request!.Labels.Span;
            PlanImages.Rows(labels, wanted.Height, wanted.Width).CopyTo(wanted);
        }
        catch (Exception failure)
        {
            image.Refuse(failure);
        }
    }

    /// <summary>Halves round to even, as Python's round; a network takes no side under 32, so smaller ones are enlarged to that.</summary>
    private static int Scaled(int size, double factor) => Math.Max(SunetGraph.SmallestSize, (int)Math.Round(size * factor));
}
