using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard;

/// <summary>
/// How the time of a prediction changes with threads and with what there is to do. Of every time the least is taken: what else goes on on
/// the machine can only add.
/// </summary>
internal static class Scaling
{
    private const string Model = "sunet64";

    /// <summary>The time on one thread over that on two; null where there are no two processors.</summary>
    public static double? Threads(GuardFixture fixture)
    {
        if (Environment.ProcessorCount < 2)
            return null;
        var image = new Shape(1, 3, 512, 512);
        double[] times = Least(fixture, [(image, 1), (image, 2)]);
        return times[0] / times[1];
    }

    /// <summary>The time of a training step in bfloat16 over that in float32; null where the CPU does not multiply bfloat16.</summary>
    public static double? Bf16Step(GuardFixture fixture, string model)
    {
        if (!NativeRuntime.Query().HasBFloat16)
            return null;
        var images = new Shape(2, 3, 256, 256);
        using BenchedPlan half = GuardFixture.Plan(model, images, new CpuOptions { Precision = Precision.Bf16 }, train: true);
        using BenchedPlan single = GuardFixture.Plan(model, images, new CpuOptions(), train: true);
        double[][] times = InterleavedTimer.Time(fixture.Rounds, warmUp: 1, [half.Step!, single.Step!], fixture.Cancellation);
        return times[0].Min() / times[1].Min();
    }

    /// <summary>The exponent of time over pixels.</summary>
    public static double? OverPixels(GuardFixture fixture)
    {
        int[] sides = fixture.Quick ? [256, 384, 512] : [256, 384, 512, 768, 1024];
        double[] times = Least(fixture, sides.Select(side => new Shape(1, 3, side, side)));
        return Exponent([.. sides.Select(side => (double)side * side)], times);
    }

    /// <summary>The exponent of time over images.</summary>
    public static double? OverBatch(GuardFixture fixture)
    {
        int[] batches = fixture.Quick ? [1, 2, 4] : [1, 2, 4, 8];
        double[] times = Least(fixture, batches.Select(n => new Shape(n, 3, 256, 256)));
        return Exponent([.. batches.Select(n => (double)n)], times);
    }

    /// <summary>The slope of the straight line through the logarithms, by least squares.</summary>
    internal static double Exponent(double[] sizes, double[] times)
    {
        double[] x = [.. sizes.Select(s => Math.Log(s))], y = [.. times.Select(t => Math.Log(t))];
        double meanX = x.Average(), meanY = y.Average();
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
    }

    private static double[] Least(GuardFixture fixture, IEnumerable<Shape> images) => Least(fixture, images.Select(image => (image, 0)));

    private static double[] Least(GuardFixture fixture, IEnumerable<(Shape Image, int Threads)> works)
    {
        var plans = new List<BenchedPlan>();
        try
        {
            foreach ((Shape image, int threads) in works)
                plans.Add(GuardFixture.Plan(Model, image, new CpuOptions { Threads = threads }));
            Action[] runs = [.. plans.Select(p => (Action)(() => Run(p)))];
            double[][] times = InterleavedTimer.Time(fixture.Rounds, warmUp: 1, runs, fixture.Cancellation);
            return [.. times.Select(t => t.Min())];
        }
        finally
        {
            plans.ForEach(p => p.Dispose());
        }
    }

    private static void Run(BenchedPlan benched)
    {
        benched.WriteInputs();
        benched.Plan.Run(Phase.Forward);
    }
}
