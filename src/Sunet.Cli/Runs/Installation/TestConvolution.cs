using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Installation;

/// <summary>The smallest thing that shows whether a device computes.</summary>
internal static class TestConvolution
{
    private const int Side = 4, Kernel = 3;

    /// <summary>Whether the corner of an image of ones under a 3x3 kernel of ones with zeros around is 4, as it should be.</summary>
    /// <exception cref="Sunet.Native.SunetException">The device fails.</exception>
    public static bool IsRight(IBackend backend)
    {
        var graph = new Graph();
        Value image = graph.Input("image", new Shape(1, 1, Side, Side));
        Value weights = graph.Parameter("weights", new Shape(1, 1, Kernel, Kernel));
        var convolution = new Convolution("convolution", image, weights, null, ConvolutionGeometry.Square(padding: 1));
        Value output = graph.MarkOutput(graph.Add(convolution).Output);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        float[] result = new float[Side * Side], ones = [.. Enumerable.Repeat(1f, Side * Side)];
        plan.Write(image, ones);
        plan.Write(weights, ones.AsSpan(0, Kernel * Kernel));
        plan.Run(Phase.Forward);
        plan.Read(output, result);
        return result[0] == 4;
    }
}
