using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Installation;

/// <summary>
/// What bfloat16 does to the speed of convolutions on this CPU: that a CPU multiplies it does not say that it does so any faster; some are
/// slower at it than at float32.
/// </summary>
internal static class Bf16Speed
{
    private const int Rgb = 3, Narrow = 64, Wide = 256, Side = 64, Kernel = 3, Rounds = 20;

    /// <summary>The convolutions a u-net module is made of, half a second: float32's time over bfloat16's.</summary>
    /// <exception cref="Sunet.Native.SunetException">The CPU cannot be used so.</exception>
    public static double OverFloat32() => Milliseconds(Precision.Float32) / Milliseconds(Precision.Bf16);

    private static double Milliseconds(Precision precision)
    {
        var graph = new Graph();
        Value image = graph.Input("image", new Shape(1, Rgb, Side, Side));

        // The first one brings an image into the layout that is used inside a network, and takes next to nothing.
        Value wide = Convolve("widening", Convolve("first", image, Narrow, 1), Wide, 1);
        graph.MarkOutput(Convolve("dense", Convolve("narrowing", wide, Narrow, 1), Narrow, Kernel));
        using var backend = new CpuBackend(new CpuOptions { Precision = precision });
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        foreach (Value value in graph.Inputs.Concat(graph.Parameters))
            plan.Write(value, Elements(value.Shape.Count));
        return InterleavedTimer.Time(Rounds, warmUp: 3, [() => plan.Run(Phase.Forward)])[0].Min();

        Value Convolve(string name, Value x, int channels, int kernel)
        {
            Value weights = graph.Parameter(name + ".weights", new Shape(channels, x.Shape.Channels, kernel, kernel));
            return graph.Add(new Convolution(name, x, weights, null, ConvolutionGeometry.Square(padding: kernel / 2))).Output;
        }
    }

    /// <summary>Ordinary numbers of both signs, small enough to stay ordinary through all of them.</summary>
    private static float[] Elements(long count)
    {
        const int Period = 251;
        return [.. Enumerable.Range(0, (int)count).Select(i => ((i % Period) - (Period / 2)) / (10f * Period))];
    }
}
