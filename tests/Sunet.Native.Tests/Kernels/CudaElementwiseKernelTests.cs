using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaElementwiseKernelTests : EmulatorTest
{
    /// <summary>Element type, channels, stride, elements in front: whole vectors, slices of wider pixels, odd ones, wide ones.</summary>
    public static TheoryData<bool, int, int, int> Cases => new(
        from bf16 in new[] { false, true }
        from size in new[] { (48, 48, 0), (16, 64, 16), (21, 21, 0), (24, 40, 3), (8, 12, 0), (2200, 2200, 0) }
        select (bf16, size.Item1, size.Item2, size.Item3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Kernels_AnyStrideAndGrid_MatchTheirDefinitions(bool bf16, int channels, int stride, int first)
    {
        using var bench = new KernelBench();
        const int pixels = 19;
        KernelPixels a = Random(1), b = Random(2), rectified = Empty(), sum = Empty(), passed = Empty(), copy = Empty();
        bench.Run("relu" + a.Suffix, (2, 1, 1), a.Address, a.Stride, rectified.Address, rectified.Stride, (long)pixels, channels);
        bench.Run("add" + a.Suffix, (1, 1, 1), a.Address, a.Stride, b.Address, b.Stride, sum.Address, sum.Stride, (long)pixels, channels);
        bench.Run("relu_backward" + a.Suffix, (40, 1, 1),
            a.Address, a.Stride, b.Address, b.Stride, passed.Address, passed.Stride, (long)pixels, channels);
        bench.Run("copy_channels" + a.Suffix, (3, 1, 1), b.Address, b.Stride, copy.Address, copy.Stride, (long)pixels, channels);
        rectified.AssertWritten((p, c) => Math.Max(0, a[p, c]), 0);
        sum.AssertWritten((p, c) => (double)a[p, c] + b[p, c], 1e-7);
        passed.AssertWritten((p, c) => a[p, c] > 0 ? b[p, c] : 0, 0);
        copy.AssertWritten((p, c) => b[p, c], 0);

        KernelPixels Random(int seed)
        {
            var random = new Random(seed);
            return new KernelPixels(bench, bf16, pixels, channels, stride, first, (_, _) => (random.NextDouble() * 6) - 3);
        }

        // What is written has pixels of another distance than what is read.
        KernelPixels Empty() => new(bench, bf16, pixels, channels, stride + 8, first);
    }

    [Fact]
    public void Relu_OfNaN_KeepsIt()
    {
        using var bench = new KernelBench();
        var x = new KernelPixels(bench, false, 1, 4, 4, 0, (_, c) => c == 1 ? double.NaN : c - 2);
        bench.Run("relu_f32", (1, 1, 1), x.Address, 4, x.Address, 4, 1L, 4);
        x.AssertWritten((_, c) => c == 1 ? double.NaN : Math.Max(0, c - 2), 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void BiasRelu_AnyStride_AddsInPlace(bool bf16, int channels, int stride, int first)
    {
        using var bench = new KernelBench();
        const int pixels = 23;
        float[] bias = [.. Enumerable.Range(0, channels).Select(c => (c % 7) - 3f)];
        nint added = bench.Put<float>(bias);
        foreach (int relu in new[] { 0, 1 })
        {
            double Value(int p, int c) => (((p * 5) + c) % 11) - 5.25;
            var y = new KernelPixels(bench, bf16, pixels, channels, stride, first, Value);
            bench.Run("bias_relu" + y.Suffix, (2, 1, 1), y.Address, y.Stride, added, relu, (long)pixels, channels);
            y.AssertWritten((p, c) => Math.Max(relu == 1 ? 0 : double.MinValue, Value(p, c) + bias[c]), 0);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ChannelSum_AnyChunks_MatchesDoubleAndItselfUnderAnyOrder(bool bf16, int channels, int stride, int first)
    {
        using var bench = new KernelBench();
        const int pixels = 70;
        var random = new Random(3);
        var x = new KernelPixels(bench, bf16, pixels, channels, stride, first, (_, _) => random.NextDouble() - 0.4);
        foreach (int chunks in new[] { 1, 3, 80 })
        {
            var results = new List<float[]>();
            foreach (int order in new[] { 1, 2 })
            {
                Emulator.Seed((ulong)order);
                nint partial = bench.Reserve((long)chunks * channels * sizeof(float)), sums = bench.Reserve(channels * sizeof(float));
                bench.Run("channel_sum" + x.Suffix, (chunks, order, 1), x.Address, x.Stride, partial, (long)pixels, channels);
                bench.Run("channel_sum_finish", ((channels + 7) / 8, 1, 1), partial, chunks, channels, sums);
                results.Add(bench.Get<float>(sums, channels));
            }

            Assert.Equal(results[0], results[1]);
            for (int c = 0; c < channels; c++)
                Assert.Equal(Enumerable.Range(0, pixels).Sum(p => (double)x[p, c]), results[0][c], 1e-5);
        }
    }
}
