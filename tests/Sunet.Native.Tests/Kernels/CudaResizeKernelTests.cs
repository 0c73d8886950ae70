using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaResizeKernelTests : EmulatorTest
{
    private static readonly (int Channels, int H, int W, int ToH, int ToW)[] Sizes =
    [
        (21, 4, 5, 32, 40), // as the network's logits are brought to full size
        (3, 37, 53, 16, 11),
        (5, 9, 8, 14, 42),
        (1, 1, 1, 3, 1500), // one input is all of a wide output
        (7, 23, 1, 5, 1),
        (300, 3, 4, 7, 5), // more channels than a block takes
        (11, 6, 7, 6, 7),
    ];

    /// <summary>What is read and written in bf16, the index of a size, elements between pixels beyond channels.</summary>
    public static TheoryData<bool, bool, int, int> Cases => new(
        from fromBf16 in new[] { false, true }
        from toBf16 in new[] { false, true }
        from size in Enumerable.Range(0, Sizes.Length)
        select (fromBf16, toBf16, size, size % 3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bilinear_AnySizes_MatchesDouble(bool fromBf16, bool toBf16, int size, int gap)
    {
        using var bench = new KernelBench();
        (Shape from, Shape to) = ShapesOf(size);
        KernelPixels x = KernelImages.Random(bench, fromBf16, from, from.Channels + gap, 1);
        KernelPixels y = KernelImages.Empty(bench, toBf16, to, to.Channels + (2 * gap));
        ResizeTiling tiling = ResizeTiling.Forward(from, to);
        Run(bench, "bilinear" + x.Suffix + y.Suffix, tiling, x, y, from, to);
        y.AssertPlanes(to, ResamplingLoops.Resize(from, to, x.Planes(from)), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void BilinearBackward_AnySizes_MatchesDouble(bool fromBf16, bool toBf16, int size, int gap)
    {
        using var bench = new KernelBench();
        (Shape from, Shape to) = ShapesOf(size);
        KernelPixels dy = KernelImages.Random(bench, fromBf16, to, from.Channels + gap, 1);
        KernelPixels dx = KernelImages.Empty(bench, toBf16, from, from.Channels + (2 * gap));
        Run(bench, "bilinear_backward" + dy.Suffix + dx.Suffix, ResizeTiling.Backward(from), dy, dx, from, to);

        // An input that stands for thousands of outputs sums as many numbers.
        double terms = (double)to.Height * to.Width / (from.Height * from.Width);
        dx.AssertPlanes(from, ResamplingLoops.ResizeGradient(from, to, dy.Planes(to)), 1e-6 * Math.Sqrt(1 + terms));
    }

    [Fact]
    public void Bilinear_FewerBlocksThanTiles_GivesTheSameBits()
    {
        using var bench = new KernelBench();
        Shape from = new(2, 300, 3, 40), to = new(2, 300, 5, 90);
        KernelPixels x = KernelImages.Random(bench, false, from, 300, 1), dy = KernelImages.Random(bench, false, to, 300, 2);
        ResizeTiling forward = ResizeTiling.Forward(from, to), backward = ResizeTiling.Backward(from);
        Assert.True(forward.Blocks > 20 && forward.Chunk < 300 && forward.Tile < 90);
        float[][] outputs = [.. new[] { forward.Blocks, 3 }.Select(blocks =>
        {
            KernelPixels y = KernelImages.Empty(bench, false, to, 300);
            Run(bench, "bilinear_f32_f32", forward with { Blocks = blocks }, x, y, from, to);
            return bench.Get<float>(y.Address, (int)to.Count);
        })];
        float[][] gradients = [.. new[] { backward.Blocks, 7 }.Select(blocks =>
        {
            KernelPixels dx = KernelImages.Empty(bench, false, from, 300);
            Run(bench, "bilinear_backward_f32_f32", backward with { Blocks = blocks }, dy, dx, from, to);
            return bench.Get<float>(dx.Address, (int)from.Count);
        })];
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Theory]
    [InlineData(false, 21, 6, 5, 48, 40)]
    [InlineData(true, 21, 6, 5, 48, 40)]
    [InlineData(false, 2, 31, 33, 12, 700)]
    [InlineData(false, 256, 3, 30, 6, 61)]
    [InlineData(true, 40, 20, 300, 5, 30)]
    public void BilinearArgMax_WithTies_IsWhatTheTwoKernelsGive(bool bf16, int channels, int height, int width, int toHeight, int toWidth)
    {
        using var bench = new KernelBench();
        Shape from = new(2, channels, height, width), to = from.WithSize(toHeight, toWidth);
        var random = new Random(channels);

        // Few different numbers, so that many pixels have several largest channels.
        var x = new KernelPixels(bench, bf16, 2 * height * width, channels, channels + 3, value: (_, _) => random.Next(4));
        KernelPixels y = KernelImages.Empty(bench, false, to, channels);
        int pixels = y.Count;
        nint one = bench.Reserve(pixels), two = bench.Reserve(pixels);
        ResizeTiling tiling = ResizeTiling.ForwardOfAllChannels(from, to);
        bench.Run("bilinear_arg_max" + x.Suffix, (tiling.Blocks, 1, 1), x.Address, x.Stride, one, 2, channels, height, width, toHeight,
            toWidth, tiling.Tile, tiling.Chunk);
        Run(bench, "bilinear" + x.Suffix + "_f32", ResizeTiling.Forward(from, to), x, y, from, to);
        bench.Run("arg_max_f32", (2, 1, 1), y.Address, y.Stride, two, (long)pixels, channels);
        byte[] fused = bench.Get<byte>(one, pixels);
        Assert.Equal(bench.Get<byte>(two, pixels), fused);
        Assert.True(fused.Distinct().Count() > 1);
        y.AssertPlanes(to, ResamplingLoops.Resize(from, to, x.Planes(from)), 1e-6);
        Assert.Equal(Enumerable.Range(0, pixels).Select(p => (byte)Enumerable.Range(0, channels).MaxBy(c => y[p, c])), fused);
    }

    [Fact]
    public void Tilings_OfAnySizes_FitTheKernels()
    {
        var random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            int Side() => random.Next(3) == 0 ? random.Next(1, 4) : random.Next(1, ResizeTiling.MaxSide + 1);
            Shape from = new(1, random.Next(1, 2100), Side(), Side()), to = from.WithSize(Side(), Side());
            ResizeTiling forward = ResizeTiling.Forward(from, to), backward = ResizeTiling.Backward(from);
            long sampled = (((long)(forward.Tile - 1) * from.Width) + to.Width - 1) / to.Width;
            Assert.InRange(forward.Tile, 1, 256);
            Assert.InRange((sampled + 2) * forward.Chunk, 1, 4096);
            Assert.InRange(backward.Tile * backward.Chunk, 1, 256);
        }
    }

    [Fact]
    public void Bilinear_LongestSides_SamplesWhereDoubleDoes()
    {
        using var bench = new KernelBench();
        Shape from = new(1, 1, 1, ResizeTiling.MaxSide - 1), to = from.WithSize(1, ResizeTiling.MaxSide);

        // Between 0 and 1 by turns: what is sampled is the fraction of the position, of which float32 would have lost most at the far end.
        var x = new KernelPixels(bench, false, from.Width, 1, 1, value: (p, _) => p % 2);
        KernelPixels y = KernelImages.Empty(bench, false, to, 1);
        Run(bench, "bilinear_f32_f32", ResizeTiling.Forward(from, to), x, y, from, to);
        y.AssertPlanes(to, ResamplingLoops.Resize(from, to, x.Planes(from)), 1e-6);
    }

    private static (Shape From, Shape To) ShapesOf(int size)
    {
        (int channels, int h, int w, int toH, int toW) = Sizes[size];
        var from = new Shape(2, channels, h, w);
        return (from, from.WithSize(toH, toW));
    }

    private static void Run(
        KernelBench bench, string name, ResizeTiling tiling, KernelPixels read, KernelPixels written, Shape from, Shape to) =>
        bench.Run(name, (tiling.Blocks, 1, 1), read.Address, read.Stride, written.Address, written.Stride, from.Batch, from.Channels,
            from.Height, from.Width, to.Height, to.Width, tiling.Tile, tiling.Chunk);
}
