using System.Globalization;
using System.Runtime.InteropServices;
using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard;

/// <summary>Bytes and allocations, counted in this process.</summary>
internal static class Memory
{
    private const string Model = "sunet64";
    private const int Side = 64;

    /// <summary>The first argument that makes this program predict in tiles.</summary>
    public const string TilesVerb = "tiles";

    /// <summary>What native code says it holds for a plan, over what the plan says it needs.</summary>
    public static double? MeasuredToPlanned(bool train)
    {
        long before = NativeRuntime.Outstanding.Bytes;
        using BenchedPlan benched = GuardFixture.Plan(Model, new Shape(2, 3, 4 * Side, 4 * Side), new CpuOptions(), train);
        return (NativeRuntime.Outstanding.Bytes - before) / (double)benched.Plan.Memory.TotalBytes;
    }

    /// <summary>Managed bytes and native allocations of a prediction in steady state, together.</summary>
    public static double? AllocationsOfPrediction()
    {
        using var backend = new CpuBackend();
        using var predictor = new Predictor(GuardFixture.Model(Model), new PredictorOptions(), backend);
        var image = new Rgb[Side, Side];
        var labels = new byte[Side, Side];
        return Steady(() => predictor.Segment(image, labels));
    }

    /// <summary>Managed bytes and native allocations of a training step in steady state, together.</summary>
    public static double? AllocationsOfStep()
    {
        using BenchedPlan benched = GuardFixture.Plan(Model, new Shape(2, 3, Side, Side), new CpuOptions(), train: true);
        return Steady(benched.Step!);
    }

    /// <summary>The least of several windows: the runtime's own work shows in some of them, what a step allocates in all.</summary>
    private static double Steady(Action step)
    {
        const int WarmUp = 40, Windows = 8, Steps = 4;

        // Enough for every method to be compiled in its last tier, which happens in the background.
        for (int i = 0; i < WarmUp; i++)
            step();
        Thread.Sleep(300);
        long least = long.MaxValue;
        for (int window = 0; window < Windows && least > 0; window++)
        {
            long before = Count();
            for (int i = 0; i < Steps; i++)
                step();
            least = Math.Min(least, Count() - before);
        }

        return (double)least / Steps;
    }

    /// <summary>
    /// What a tiled prediction takes beside image and labels, of an image of twice the side over that of the side, each in a process of its
    /// own. What tiles of one row share with those of the next grows with the width; all else is constant.
    /// </summary>
    public static double? TilesOfTwiceTheSide(GuardFixture fixture)
    {
        int side = fixture.Quick ? 2048 : 4096;
        return Growth(2 * side) / Growth(side);

        double? Growth(int pixels) => double.TryParse(
            fixture.Again(TilesVerb, pixels.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture, out double bytes)
            ? bytes
            : null;
    }

    /// <summary>
    /// Predicts one image in tiles and says by how much that raised the peak of this process; nothing where that cannot be told.
    /// </summary>
    public static string Tiles(int side)
    {
        using var backend = new CpuBackend();
        using var predictor = new Predictor(
            GuardFixture.Model(Model), new PredictorOptions { TileSize = 1024, TileOverlap = 128 }, backend);
        var image = new Rgb[side, side];
        var labels = new byte[side, side];
        MemoryMarshal.CreateSpan(ref labels[0, 0], labels.Length).Fill(1);
        for (int y = 0; y < side; y++)
        {
            for (int x = 0; x < side; x++)
                image[y, x] = new Rgb((byte)(x >> 4), (byte)(y >> 4), (byte)((x + y) >> 5));
        }

        return ResidentMemory.Growth(() => predictor.Segment(image, labels))?.ToString(CultureInfo.InvariantCulture) ?? "";
    }

    private static long Count() => GC.GetAllocatedBytesForCurrentThread() + NativeRuntime.Outstanding.Allocations;
}
