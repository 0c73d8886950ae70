using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>A compiled prediction of one image size at one scale: normalised pixels in, probabilities or labels at that size out.</summary>
internal sealed class ScalePlan : IDisposable
{
    private readonly Plan plan;
    private readonly PreparedWork forward;
    private readonly SunetGraph network;
    private readonly Value output;

    /// <param name="model">The weights.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="scale">The factor on height and width.</param>
    /// <param name="labelsOnly">Whether only labels are wanted, which saves the probabilities.</param>
    /// <param name="backend">Where it runs.</param>
    public ScalePlan(SunetModel model, Shape image, double scale, bool labelsOnly, IBackend backend)
    {
        network = SunetGraph.ForInference(model.Spec, image, (Scaled(image.Height, scale), Scaled(image.Width, scale)));
        output = labelsOnly ? network.AppendArgMax() : network.AppendProbabilities();
        plan = Plan.Compile(network.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Inference });
        try
        {
            plan.Load(model.Read);
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

    /// <summary>Labels [N, H, W].</summary>
    public void Run(ReadOnlySpan<float> pixels, Span<byte> labels)
    {
        plan.Write(network.Image, pixels);
        forward.Run();
        plan.Read(output, labels);
    }

    public void Dispose()
    {
        forward.Dispose();
        plan.Dispose();
    }

    /// <summary>Halves round to even, as Python's round; a network takes no side under 32, so smaller ones are enlarged to that.</summary>
    private static int Scaled(int size, double scale) => Math.Max(SunetGraph.SmallestSize, (int)Math.Round(size * scale));
}
