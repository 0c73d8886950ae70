using Sunet.Native.Graphs;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Onnx.Translation;

/// <summary>
/// A network's graph at many image sizes, to learn what a graph of fixed shapes does not say: which tensors have one size whatever the
/// image's. Every layer's size is floor((S + k) / 2^n) for an image of S and n of at most six, so two layers that agree at 64 successive
/// S agree at all.
/// </summary>
internal sealed class SampledNetwork
{
    // Heights 64 to 95 and widths 96 to 127: both axes follow one rule, so together they are 64 successive sizes.
    private const int Samples = 32, FirstHeight = 64, FirstWidth = 96;
    private readonly SunetGraph[] samples;

    /// <param name="build">Builds the network for images [N, 3, H, W].</param>
    public SampledNetwork(Func<Shape, SunetGraph> build)
    {
        samples = [.. Enumerable.Range(0, Samples).Select(i => build(new Shape(1, 3, FirstHeight + i, FirstWidth + i)))];
        foreach (SunetGraph sample in samples)
        {
            if (!sample.Graph.Ops.Select(o => (o.Kind, o.Name)).SequenceEqual(First.Graph.Ops.Select(o => (o.Kind, o.Name))))
                throw new ConfigurationException("The network's layers depend on the image's size, which no ONNX graph can express.");
        }
    }

    /// <summary>One of the graphs; indices of ops are the same in all.</summary>
    public SunetGraph First => samples[0];

    /// <summary>The op at an index, at every size.</summary>
    public IEnumerable<Op> At(int index) => samples.Select(s => s.Graph.Ops[index]);

    /// <summary>The first tensor that exists before an op and has the height and width of its output, for images of any size.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public Value SizeOf(int index)
    {
        if (samples.All(s => HasSize(s.Image, s.Graph.Ops[index])))
            return First.Image;
        for (int earlier = 0; earlier < index; earlier++)
        {
            if (samples.All(s => HasSize(s.Graph.Ops[earlier].Output, s.Graph.Ops[index])))
                return First.Graph.Ops[earlier].Output;
        }

        Op op = First.Graph.Ops[index];
        throw new ConfigurationException($"{op.Kind} '{op.Name}' has a size of its own, which ONNX export does not support.");
    }

    private static bool HasSize(Value value, Op op) =>
        value.Shape.Height == op.Output.Shape.Height && value.Shape.Width == op.Output.Shape.Width;
}
