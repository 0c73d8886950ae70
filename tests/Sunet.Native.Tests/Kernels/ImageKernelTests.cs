using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

public sealed unsafe class ImageKernelTests : KernelTest
{
    public static TheoryData<int, int, bool> LayoutsAndSlices => new(
        from layout in Enumerable.Range(0, 4)
        from slice in Enumerable.Range(0, 4)
        from mirrored in new[] { false, true }
        select (layout, slice, mirrored));

    [Theory]
    [MemberData(nameof(LayoutsAndSlices))]
    public void NormalizeImages_AnyLayoutAndSlice_IsTheDefinitionRoundedOnce(int layout, int slice, bool mirrored)
    {
        const int images = 2, height = 7, width = 13;
        byte[] bytes = new byte[images * height * width * 3];
        new Random(5).NextBytes(bytes);
        float[] mean = [0.485f, 0.456f, 0.406f], deviation = [0.229f, 0.224f, 0.225f];
        KernelTensor y = Tensor(images, 3, height, width, layout, slice);
        fixed (byte* x = bytes)
        fixed (float* m = mean, d = deviation, py = y.Data)
        {
            Succeeds(SunetCpu.NormalizeImages(Context, x, m, d, mirrored ? 1 : 0, y.Native, py));
        }

        double Pixel(int n, int c, int h, int w) => bytes[(((((n * height) + h) * width) + w) * 3) + c] / 255.0;
        y.AssertWritten((n, c, h, w) => (float)((Pixel(n, c, h, mirrored ? width - 1 - w : w) - mean[c]) / deviation[c]), 0);
    }

    [Fact]
    public void NormalizeImages_FourChannels_IsRefusedAndWritesNothing()
    {
        KernelTensor y = Tensor(1, 4, 2, 2, 0, 0);
        byte[] bytes = new byte[16];
        float[] three = [1, 1, 1];
        fixed (byte* x = bytes)
        fixed (float* t = three, py = y.Data)
        {
            Assert.NotEqual(0, SunetCpu.NormalizeImages(Context, x, t, t, 0, y.Native, py));
        }

        Assert.All(y.Data, v => Assert.Equal(KernelTensor.Untouched, v));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(256)]
    public void ConfusionCounts_IgnoredAndInvalid_ReplacesWhatWasThere(int classes)
    {
        const int pixels = 1013, ignore = 255;
        var random = new Random(classes);
        int Label(int i) => i % 11 == 0 ? ignore : i % 97 == 1 ? -1 : i % 89 == 2 ? classes : random.Next(classes);
        int[] labels = [.. Enumerable.Range(0, pixels).Select(Label)];
        byte[] predictions = [.. Enumerable.Range(0, pixels).Select(i => (byte)(i % 53 == 5 ? classes : random.Next(classes)))];
        int[] counts = new int[classes * classes], expected = new int[classes * classes];
        Array.Fill(counts, 7);
        int invalid = 9, refused = 0;
        for (int i = 0; i < pixels; i++)
        {
            if (labels[i] == ignore)
                continue;
            if (labels[i] < 0 || labels[i] >= classes || predictions[i] >= classes)
                refused++;
            else
                expected[(labels[i] * classes) + predictions[i]]++;
        }

        fixed (int* l = labels, c = counts)
        fixed (byte* p = predictions)
        {
            Succeeds(SunetCpu.ConfusionCounts(Context, pixels, l, p, classes, ignore, c, &invalid));
        }

        Assert.Equal(expected, counts);
        Assert.Equal(refused, invalid);
        Assert.True(refused > 10);
    }

    [Theory]
    [InlineData(0, 1L)]
    [InlineData(257, 1L)]
    [InlineData(2, -1L)]
    [InlineData(2, 1L + int.MaxValue)]
    public void ConfusionCounts_OutOfRange_IsRefused(int classes, long pixels)
    {
        int value = 0;
        byte prediction = 0;
        Assert.NotEqual(0, SunetCpu.ConfusionCounts(Context, pixels, &value, &prediction, classes, 255, &value, &value));
    }
}
