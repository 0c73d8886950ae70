using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaTransferKernelTests : EmulatorTest
{
    /// <summary>Element type, images, channels, pixels of each, stride, grid.</summary>
    public static TheoryData<bool, int, int, int, int, int> Cases => new(
        from bf16 in new[] { false, true }
        from size in new[]
        {
            (2, 3, 35, 3, 1), (1, 37, 99, 40, 2), (3, 64, 1, 64, 1), (2, 9, 33, 16, 3), (5, 1, 300, 2, 1), (70, 40, 9, 40, 1),
            (2, 300, 16, 304, 2),
        }
        select (bf16, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Transposition_ThereAndBack_MovesEveryElement(bool bf16, int images, int channels, int pixels, int stride, int grid)
    {
        using var bench = new KernelBench();
        var random = new Random(11);
        float[] plain = [.. Enumerable.Range(0, images * channels * pixels).Select(_ => (float)(random.NextDouble() - 0.5))];
        var inside = new KernelPixels(bench, bf16, images * pixels, channels, stride);
        nint outside = bench.Put<float>(plain), back = bench.Reserve(plain.Length * sizeof(float));
        bench.Run("nchw_to_nhwc" + inside.Suffix, (grid, 1, grid), outside, inside.Address, stride, images, channels, (long)pixels);
        inside.AssertWritten((p, c) => inside.Rounded(plain[(((p / pixels * channels) + c) * pixels) + (p % pixels)]), 0);
        bench.Run("nhwc_to_nchw" + inside.Suffix, (grid, grid, 1), inside.Address, stride, back, images, channels, (long)pixels);
        Assert.Equal(plain.Select(inside.Rounded), bench.Get<float>(back, plain.Length));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    public void NormalizeImages_OfBytes_MatchesItsDefinition(bool bf16, int flip)
    {
        using var bench = new KernelBench();
        const int images = 2, height = 3, width = 300;
        byte[] bytes = new byte[images * height * width * 3];
        new Random(13).NextBytes(bytes);
        float[] mean = [0.4f, 0.5f, 0.6f], deviation = [0.2f, 0.25f, 0.3f];
        var y = new KernelPixels(bench, bf16, images * height * width, 3, 4);
        bench.Run("normalize_images" + y.Suffix, (1, 2, 1), bench.Put<byte>(bytes), mean[0], mean[1], mean[2], deviation[0], deviation[1],
            deviation[2], flip, y.Address, y.Stride, images, height, width);
        y.AssertWritten((p, c) =>
        {
            int column = p % width, from = p - column + (flip == 1 ? width - 1 - column : column);
            return ((bytes[(from * 3) + c] / 255.0) - mean[c]) / deviation[c];
        }, 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void WidenLabels_AnyGrid_WidensEveryOne(int gridX)
    {
        using var bench = new KernelBench();
        byte[] bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
        nint to = bench.Reserve(bytes.Length * sizeof(int));
        bench.Run("widen_labels", (gridX, 1, 1), bench.Put<byte>(bytes), to, (long)bytes.Length);
        Assert.Equal(bytes.Select(b => (int)b), bench.Get<int>(to, bytes.Length));
    }

    /// <summary>Channels, width, kernel, stride, padding, padded channels, grid.</summary>
    [Theory]
    [InlineData(3, 22, 7, 2, 3, 24, 1, 2)]
    [InlineData(3, 17, 3, 1, 1, 16, 3, 1)]
    [InlineData(5, 9, 5, 3, 0, 32, 1, 70)]
    [InlineData(1, 300, 7, 1, 6, 8, 2, 3)]
    public void UnfoldRows_OfImages_GivesWindowsAndZeros(
        int channels, int width, int kernel, int stride, int padding, int padded, int gridX, int gridY)
    {
        using var bench = new KernelBench();
        const int rows = 5;
        var x = new KernelPixels(bench, bf16: true, rows * width, channels, channels, 0, (p, c) => (((p * 7) + c) % 61) - 30.5);
        int windows = ((width + (2 * padding) - kernel) / stride) + 1;
        var y = new KernelPixels(bench, bf16: true, rows * windows, padded, padded);
        bench.Run("unfold_rows_bf16", (gridX, gridY, 1), x.Address, y.Address, (long)rows, width * channels, windows, stride * channels,
            -padding * channels, kernel * channels, padded);
        y.AssertWritten((p, c) =>
        {
            int column = (p % windows * stride) - padding + (c / channels);
            return c < kernel * channels && column >= 0 && column < width ? x[(p / windows * width) + column, c % channels] : 0;
        }, 0);
    }
}
