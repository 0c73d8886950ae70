using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaPoolingKernelTests : EmulatorTest
{
    /// <summary>What is read and written in bf16, channels, elements between pixels beyond them, window.</summary>
    public static TheoryData<bool, bool, int, int, int> Cases => new(
        from fromBf16 in new[] { false, true }
        from toBf16 in new[] { false, true }
        from size in new[] { (32, 0, 2), (48, 16, 3), (21, 0, 2), (5, 3, 4), (16, 4, 1) }
        select (fromBf16, toBf16, size.Item1, size.Item2, size.Item3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void AveragePool_OddSizes_MatchesDouble(bool fromBf16, bool toBf16, int channels, int gap, int window)
    {
        using var bench = new KernelBench();
        var graph = new Graph();
        var shape = new Shape(2, channels, 9, 11);
        var op = new AveragePool("pool", graph.Input("x", shape), window);
        KernelPixels x = KernelImages.Random(bench, fromBf16, shape, channels + gap, 1);
        KernelPixels y = KernelImages.Empty(bench, toBf16, op.Output.Shape, channels + (2 * gap));
        bench.Run("average_pool" + x.Suffix + y.Suffix, (3, 1, 1),
            x.Address, x.Stride, y.Address, y.Stride, shape.Batch, shape.Height, shape.Width, channels, window);
        y.AssertPlanes(op.Output.Shape, ResamplingLoops.AveragePool(op, x.Planes(shape)), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AveragePoolBackward_OddSizes_LeavesNothingOut(bool fromBf16, bool toBf16, int channels, int gap, int window)
    {
        using var bench = new KernelBench();
        var graph = new Graph();
        Shape shape = new(2, channels, 9, 11), pooled = shape.WithSize(9 / window, 11 / window);
        var op = new AveragePoolGradient("pool", graph.Input("dy", pooled), shape, window);
        KernelPixels dy = KernelImages.Random(bench, fromBf16, pooled, channels + gap, 1);
        KernelPixels dx = KernelImages.Empty(bench, toBf16, shape, channels + (2 * gap));
        bench.Run("average_pool_backward" + dy.Suffix + dx.Suffix, (2, 1, 1),
            dy.Address, dy.Stride, dx.Address, dx.Stride, shape.Batch, shape.Height, shape.Width, channels, window, window);
        dx.AssertPlanes(shape, ResamplingLoops.AveragePoolGradient(op, dy.Planes(pooled)), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GlobalAveragePool_AndItsGradient_MatchDouble(bool fromBf16, bool toBf16, int channels, int gap, int blocks)
    {
        using var bench = new KernelBench();
        Shape shape = new(3, channels, 7, 41), single = shape.WithSize(1, 1);
        KernelPixels x = KernelImages.Random(bench, fromBf16, shape, channels + gap, 1);
        KernelPixels y = KernelImages.Empty(bench, toBf16, single, channels + (2 * gap));
        KernelPixels dy = KernelImages.Random(bench, fromBf16, single, channels + gap, 2);
        KernelPixels dx = KernelImages.Empty(bench, toBf16, shape, channels + (2 * gap));
        bench.Run("global_average_pool" + x.Suffix + y.Suffix, (blocks, 1, 1),
            x.Address, x.Stride, y.Address, y.Stride, shape.Batch, shape.Height * shape.Width, channels);
        bench.Run("average_pool_backward" + dy.Suffix + dx.Suffix, (blocks, 1, 1), dy.Address, dy.Stride, dx.Address, dx.Stride,
            shape.Batch, shape.Height, shape.Width, channels, shape.Height, shape.Width);
        y.AssertPlanes(single, ResamplingLoops.GlobalAveragePool(shape, x.Planes(shape)), 1e-6);
        dx.AssertPlanes(shape, ResamplingLoops.GlobalAveragePoolGradient(shape, dy.Planes(single)), 1e-6);
    }

    [Fact]
    public void GlobalAveragePool_LargePlaneOfLargeNumbers_KeepsThem()
    {
        using var bench = new KernelBench();
        const int pixels = 60000;
        var x = new KernelPixels(bench, false, pixels, 1, 1, value: (p, _) => 4096 + (p % 3));
        var y = new KernelPixels(bench, false, 1, 1, 1);
        bench.Run("global_average_pool_f32_f32", (1, 1, 1), x.Address, 1, y.Address, 1, 1, pixels, 1);

        // One float32 accumulator a thread would have lost what distinguishes the numbers after a few thousand of them.
        y.AssertWritten((_, _) => 4097, 1e-7);
    }
}
