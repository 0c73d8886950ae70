using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>A compiled classification of images of one shape, from normalised pixels to the probabilities of the classes.</summary>
internal sealed class ClassifierPlan : IDisposable
{
    private readonly Plan plan;
    private readonly PreparedWork forward;
    private readonly SunetGraph network;
    private readonly Value probabilities;

    /// <param name="model">The weights.</param>
    /// <param name="image">[N, 3, H, W]; sides below 32 pixels are enlarged to that.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="weights">What other plans of the model have loaded.</param>
    public ClassifierPlan(ISunetWeights model, Shape image, IBackend backend, WeightStore weights)
    {
        const int smallest = SunetGraph.SmallestSize;
        network = SunetGraph.ForInference(model.Spec, image, (Math.Max(smallest, image.Height), Math.Max(smallest, image.Width)));
        probabilities = network.AppendProbabilities();
        var options = new PlanOptions { Weights = weights, BufferBytes = probabilities.Shape.Count * sizeof(float) };
        plan = Plan.Compile(network.Graph, backend, options);
        try
        {
            plan.Load(new SoundWeights(model).Read);
            forward = plan.Record(Phase.Forward);
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Probabilities [N, classes] of normalised pixels [N, 3, H, W].</summary>
    public void Run(ReadOnlySpan<float> pixels, Span<float> result)
    {
        plan.Write(network.Image, pixels);
        forward.Run();
        plan.Read(probabilities, result);
    }

    public void Dispose()
    {
        forward.Dispose();
        plan.Dispose();
    }
}
