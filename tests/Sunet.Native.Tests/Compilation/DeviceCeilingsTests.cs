using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Measuring;

namespace Sunet.Native.Tests.Compilation;

public sealed class DeviceCeilingsTests
{
    private static readonly DeviceCeilings Ceilings = new(GigaflopsPerSecond: 100, GigabytesPerSecond: 20);

    [Theory]
    [InlineData(50, 1, false, 0.5)] // 50 GFLOP/s at 50 a byte, against 100
    [InlineData(4, 1, true, 0.05)] // 1 GB/s at 4 a byte, against 20
    [InlineData(5, 1, false, 0.05)] // the corner: both limits give the same share
    [InlineData(0, 10, true, 0.5)]
    [InlineData(0, 0, true, 0)]
    public void ShareOfPeak_Call_IsOfTheLimitItMeetsFirst(long gigaflops, long gigabytes, bool memoryBound, double share)
    {
        CallTiming call = Call(1_000_000_000 * gigaflops, 1_000_000_000 * gigabytes, milliseconds: 1000);
        Assert.Equal(memoryBound, Ceilings.IsMemoryBound(call));
        Assert.Equal(share, Ceilings.ShareOfPeak(call), 12);
    }

    [Fact]
    public void ShareOfPeak_CallThatTookNoTime_IsNone()
    {
        Assert.Equal(0, Ceilings.ShareOfPeak(Call(1000, 10, milliseconds: 0)));
        Assert.Equal(0, Ceilings.ShareOfPeak(Call(0, 10, milliseconds: 0)));
    }

    [Fact]
    public void Measure_Cancelled_Stops()
    {
        using var backend = new CpuBackend(threads: 1);
        Assert.Throws<OperationCanceledException>(() => DeviceCeilings.Measure(backend, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Median_EvenAndOddCounts_IsInTheMiddle()
    {
        Assert.Equal(2, PlanTimings.Median([3, 1, 2]));
        Assert.Equal(2.5, PlanTimings.Median([4, 1, 2, 3]));
    }

    [Fact]
    public void DirectRatio_WithAndWithoutDirectSums_IsOfTheStepOrNone()
    {
        Assert.Equal(1.5, new PlanTimings([], 30, 20).DirectRatio);
        Assert.Null(new PlanTimings([], 30, null).DirectRatio);
    }

    private static CallTiming Call(long flops, long bytes, double milliseconds) =>
        new("layer", "Convolution", Phase.Forward, "any", flops, bytes, milliseconds, null, milliseconds);
}
