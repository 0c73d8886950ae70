using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>The kind of result that a prediction gives.</summary>
internal enum PredictionKind
{
    /// <summary>The probabilities of all classes, which are averaged with those of other scales and flips.</summary>
    Probabilities,

    /// <summary>The likeliest classes.</summary>
    Labels,

    /// <summary>The likeliest classes counted against given labels.</summary>
    Counts,
}

/// <summary>
/// A compiled prediction of one image size at one scale. Probabilities are made from normalised pixels, since flips and tiles are made on
/// the host; labels and counts from the image's own bytes.
/// </summary>
internal sealed class ScalePlan : IDisposable
{
    private readonly Plan plan;
    private readonly PreparedWork forward;
    private readonly SunetGraph network;
    private readonly Value output;
    private readonly ConfusionCounts? counts;

    /// <param name="model">The weights.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="scale">The factor on height and width.</param>
    /// <param name="kind">What is wanted.</param>
    /// <param name="concurrency">How many plans of the size are meant to run at a time.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="weights">What other plans of the model have loaded.</param>
    /// <param name="cancellation">Stops compiling.</param>
    public ScalePlan(
        ISunetWeights model, Shape image, double scale, PredictionKind kind, int concurrency, IBackend backend, WeightStore weights,
        CancellationToken cancellation)
    {
        (int H, int W) size = (Scaled(image.Height, scale), Scaled(image.Width, scale));
        network = kind == PredictionKind.Probabilities
            ? SunetGraph.ForInference(model.Spec, image, size)
            : SunetGraph.ForImages(model.Spec, image, size);
        counts = kind == PredictionKind.Counts ? network.AppendConfusionCounts() : null;
        output = kind switch
        {
            PredictionKind.Probabilities => network.AppendProbabilities(),
            PredictionKind.Labels => network.AppendArgMax(),
            _ => counts!.Predictions,
        };
        var options = new PlanOptions
        {
            Weights = weights, BufferBytes = output.Shape.Count * output.Type.Bytes(), Concurrency = concurrency,
        };
        plan = Plan.Compile(network.Graph, backend, options, cancellation);
        try
        {
            plan.Load(new SoundWeights(model).Read, cancellation);
            forward = plan.Record(Phase.Forward);
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Whether labels at this size and scale come straight from the logits.</summary>
    public static bool SupportsLabels(Shape image, double scale) =>
        Scaled(image.Height, scale) == image.Height && Scaled(image.Width, scale) == image.Width;

    /// <summary>Probabilities [N, classes, H, W].</summary>
    public void Run(ReadOnlySpan<float> pixels, Span<float> probabilities)
    {
        plan.Write(network.Image, pixels);
        forward.Run();
        plan.Read(output, probabilities);
    }

    /// <summary>Labels [N, H, W] of images [N, H, W, 3].</summary>
    public void Run(ReadOnlySpan<byte> image, Span<byte> labels)
    {
        plan.Write(network.Image, image);
        forward.Run();
        plan.Read(output, labels);
    }

    /// <summary>
    /// Counts the likeliest classes of images [N, H, W, 3] against given labels [N, H, W]; only the counts come back from the device, and
    /// the classes where there is room for them.
    /// </summary>
    /// <returns>How many labels were no class, nor ignored; they are not among the counts.</returns>
    public int Count(ReadOnlySpan<byte> image, ReadOnlySpan<int> labels, Span<int> pixels, Span<byte> predictions)
    {
        plan.Write(network.Image, image);
        plan.Write(network.Labels!, labels);
        forward.Run();
        plan.Read(counts!.Counts, pixels);
        if (!predictions.IsEmpty)
            plan.Read(output, predictions);
        return plan.ReadInteger(counts.Invalid);
    }

    public void Dispose()
    {
        forward.Dispose();
        plan.Dispose();
    }

    /// <summary>Halves round to even, as Python's round; a network takes no side under 32, so smaller ones are enlarged to that.</summary>
    private static int Scaled(int size, double scale) => Math.Max(SunetGraph.SmallestSize, (int)Math.Round(size * scale));
}
