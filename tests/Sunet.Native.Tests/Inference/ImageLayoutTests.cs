using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference;

/// <summary>Layouts refuse what cannot be, and images in any layout have the pixels that they were made of.</summary>
public sealed class ImageLayoutTests
{
    /// <summary>Every format, without gaps and with gaps of odd size.</summary>
    public static TheoryData<PixelFormat, int> Layouts { get; } =
        new(Enum.GetValues<PixelFormat>().SelectMany(_ => new[] { 0, 1, 7 }, (format, padding) => (format, padding)));

    [Theory]
    [MemberData(nameof(Layouts))]
    public void CopyTo_EveryWidth_GivesThePixelsAndNothingBehindThem(PixelFormat format, int padding)
    {
        for (int width = 1; width < 70; width++)
        {
            Rgb[,] image = LaidOut.Image(3, width, format, seed: width);
            byte[] bytes = LaidOut.Bytes(image, format, padding, out ImageLayout layout);
            var rows = new byte[(3 * 3 * width) + 20];
            rows.AsSpan().Fill(77);
            new ImagePixels(bytes.AsSpan(0, (int)layout.Bytes), layout).CopyTo(rows.AsSpan(0, 9 * width));
            Assert.Equal(MemoryMarshal.AsBytes<Rgb>(image.Cast<Rgb>().ToArray()), rows.AsSpan(0, 9 * width));
            Assert.Equal(20, rows.AsSpan(9 * width).Count((byte)77));
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Slice_OfAnyLayout_IsTheRectangle(PixelFormat format, int padding)
    {
        Rgb[,] image = LaidOut.Image(20, 50, format);
        var whole = new ImagePixels(LaidOut.Bytes(image, format, padding, out ImageLayout layout), layout);
        var rows = new byte[3 * 9 * 31];
        whole.Slice(11, 19, 9, 31).CopyTo(rows);
        Assert.Equal(MemoryMarshal.AsBytes<Rgb>(image.AsSpan2D(11, 19, 9, 31).ToArray().Cast<Rgb>().ToArray()), rows);
    }

    [Fact]
    public void Slice_BeyondTheImage_IsRefused()
    {
        byte[] bytes = LaidOut.Bytes(LaidOut.Image(4, 5, PixelFormat.Gray), PixelFormat.Gray, 0, out ImageLayout layout);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new ImagePixels(bytes, layout).Slice(1, 0, 4, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new ImagePixels(bytes, layout).Slice(0, 3, 4, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new ImagePixels(bytes, layout).Slice(-1, 0, 2, 2));
    }

    [Fact]
    public void TryGetRows_RgbWithoutGaps_IsTheMemoryItself()
    {
        byte[] bytes = LaidOut.Bytes(LaidOut.Image(4, 5, PixelFormat.Rgb), PixelFormat.Rgb, 0, out ImageLayout layout);
        Assert.True(new ImagePixels(bytes, layout).TryGetRows(out ReadOnlySpan<byte> rows));
        Assert.True(rows == bytes.AsSpan());
        Assert.True(new ImagePixels(new Rgb[4, 5]).TryGetRows(out _));
        Assert.False(new ImagePixels(new Rgb[4, 5].AsSpan2D(0, 0, 4, 4)).TryGetRows(out _));
        Assert.False(new ImagePixels(bytes, new ImageLayout(4, 4, PixelFormat.Rgb, 15)).TryGetRows(out _));
        Assert.False(new ImagePixels(bytes, new ImageLayout(4, 5, PixelFormat.Bgr)).TryGetRows(out _));
    }

    [Theory]
    [InlineData(0, 5, "height", "at least one pixel")]
    [InlineData(-3, 5, "height", "at least one pixel")]
    [InlineData(5, 0, "width", "at least one pixel")]
    [InlineData(1, int.MaxValue, "width", "8589934588 bytes")]
    public void Constructor_SizeThatCannotBe_IsRefusedByName(int height, int width, string name, string words)
    {
        ArgumentOutOfRangeException refused =
            Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLayout(height, width, PixelFormat.Bgra));
        Assert.Equal(name, refused.ParamName);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PixelFormat.Gray, 9)]
    [InlineData(PixelFormat.Rgb, 29)]
    [InlineData(PixelFormat.Rgba, 39)]
    [InlineData(PixelFormat.Bgr, -30)]
    public void Constructor_StrideBelowARow_IsRefused(PixelFormat format, int stride)
    {
        ArgumentOutOfRangeException refused =
            Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLayout(3, 10, format, stride));
        Assert.Equal("strideBytes", refused.ParamName);
        Assert.Contains("cannot lie", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_UnknownFormat_IsRefused()
    {
        ArgumentOutOfRangeException refused =
            Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLayout(3, 10, (PixelFormat)99));
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_HugeLayout_DoesNotOverflow()
    {
        var layout = new ImageLayout(int.MaxValue, 1, PixelFormat.Rgb, int.MaxValue);
        Assert.Equal(((int.MaxValue - 1L) * int.MaxValue) + 3, layout.Bytes);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => layout.Require(1000, "pixels"));
        Assert.Contains("1000 were given", refused.Message, StringComparison.Ordinal);
    }
}
