using System.Runtime.InteropServices;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>The own decoder of common JPEGs against Skia's, to the bit.</summary>
public sealed class BaselineJpegTests
{
    private static readonly (int Height, int Width)[] Sizes = [(1, 16), (2, 17), (7, 31), (16, 16), (33, 50), (64, 129), (83, 117)];

    public static TheoryData<string> Fixtures =>
        [.. TestJpeg.Names.Where(name => name.StartsWith("baseline", StringComparison.Ordinal) && name != "baseline-scans")];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void TryDecode_FilesOfAnotherEncoder_HaveThePixelsOfSkia(string name)
    {
        byte[] file = TestJpeg.Read(name);
        Assert.Equal(Skia(file), Own(file));
    }

    [Theory]
    [InlineData(SKJpegEncoderDownsample.Downsample444)]
    [InlineData(SKJpegEncoderDownsample.Downsample422)]
    [InlineData(SKJpegEncoderDownsample.Downsample420)]
    public void TryDecode_AnySizeQualityAndContent_HasThePixelsOfSkia(SKJpegEncoderDownsample colour)
    {
        var random = new Random(1);
        foreach ((int height, int width) in Sizes)
        {
            foreach (int quality in new[] { 5, 50, 90, 100 })
            {
                foreach (Func<int, byte> content in Contents(random))
                {
                    byte[] file = Encode(height, width, SKColorType.Rgba8888, quality, colour, content);
                    Assert.Equal(Skia(file), Own(file));
                }
            }
        }
    }

    [Fact]
    public void TryDecode_Grey_HasThePixelsOfSkia()
    {
        var random = new Random(2);
        foreach ((int height, int width) in Sizes)
        {
            byte[] file = Encode(height, width, SKColorType.Gray8, 80, SKJpegEncoderDownsample.Downsample420, _ => (byte)random.Next(256));
            Assert.Equal(Skia(file), Own(file));
        }
    }

    /// <summary>
    /// Tables of the best quality are replaced by coarse ones. Results leave the range of samples, where decoders go on modulo 1024, and,
    /// with the coarsest, the range that 32 bits are enough for.
    /// </summary>
    [Theory]
    [InlineData(5, true)]
    [InlineData(255, false)]
    public void Decode_CoefficientsFarOutOfRange_HasThePixelsOfSkia(byte step, bool isOwn)
    {
        byte[] file = Encode(
            48, 64, SKColorType.Rgba8888, 100, SKJpegEncoderDownsample.Downsample444, i => (byte)(i / 4 % 64 / 20 % 2 * 255));
        for (int at = 0; file.AsSpan(at).IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDB]) is var found and >= 0;)
        {
            at += found + 5;
            file.AsSpan(at, 64).Fill(step);
        }

        Assert.Equal(isOwn, Own(file) is not null);
        Assert.Equal(Skia(file), Decoded(file));
    }

    /// <summary>What is accepted has codes that all fit, and pixels like Skia's; the walk over the codes and Skia are the judges.</summary>
    [Fact]
    public void TryDecode_EveryBitTurned_NeverAcceptsWhatTheWalkRefuses()
    {
        var random = new Random(4);
        byte[] sound = Encode(
            24, 40, SKColorType.Rgba8888, 60, SKJpegEncoderDownsample.Downsample420, i => (byte)((i / 9) + random.Next(30)));
        int refused = 0;
        for (int bit = 8 * TestJpeg.Scans(sound)[0].Codes; bit < 8 * sound.Length; bit++)
        {
            byte[] file = [.. sound];
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Own(file) is not { } pixels)
            {
                refused++;
                continue;
            }

            Assert.Null(new JpegWalk(file, JpegStructure.Read(file), new DecodeScratch()).FindDamage());
            Assert.Equal(Skia(file), pixels);
        }

        Assert.InRange(refused, 100, 8 * sound.Length);
    }

    [Fact]
    public void TryDecode_ColoursThatAreNotYcc_AreLeftToSkia()
    {
        byte[] file = TestJpeg.Read("baseline-444");
        byte[] adobe = [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0];
        byte[] rgb = [0xFF, 0xD8, .. adobe, .. file[2..]];
        Assert.Null(Own(rgb));
        adobe[^1] = 1;
        Assert.Equal(Skia(file), Own([0xFF, 0xD8, .. adobe, .. file[2..]]));
    }

    [Fact]
    public void Decode_OneImageAfterAnother_AllocatesNoPixels()
    {
        byte[] large = Encode(240, 320, SKColorType.Rgba8888, 95, SKJpegEncoderDownsample.Downsample420, i => (byte)(i * 7));
        byte[] small = Encode(120, 100, SKColorType.Rgba8888, 80, SKJpegEncoderDownsample.Downsample444, i => (byte)(i * 5));
        var scratch = new DecodeScratch();
        var target = new PixelBuffer<Rgb>();
        ImageFile.Decode(large, "large", ImageFile.DefaultPixelCap, scratch, target);
        ImageFile.Decode(small, "small", ImageFile.DefaultPixelCap, scratch, target);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Images = 20, MostForHeaders = 8192;
        for (int i = 0; i < Images; i++)
            ImageFile.Decode(i % 2 == 0 ? large : small, "image", ImageFile.DefaultPixelCap, scratch, target);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Images * MostForHeaders);
    }

    private static Func<int, byte>[] Contents(Random random) =>
    [
        _ => (byte)random.Next(256),
        _ => (byte)(random.Next(2) * 255),
        i => (byte)(i / 5),
        _ => 200,
    ];

    private static byte[] Encode(
        int height, int width, SKColorType type, int quality, SKJpegEncoderDownsample colour, Func<int, byte> content)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, type, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = content(i);
        using SKPixmap map = bitmap.PeekPixels();
        using SKData data = map.Encode(new SKJpegEncoderOptions(quality, colour, SKJpegEncoderAlphaOption.Ignore))!;
        return data.ToArray();
    }

    private static uint[] Skia(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var pixels = new uint[info.Width * info.Height];
        GCHandle pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        Assert.Equal(SKCodecResult.Success, codec.GetPixels(info, pinned.AddrOfPinnedObject()));
        pinned.Free();
        return pixels;
    }

    private static uint[]? Own(byte[] file)
    {
        JpegStructure structure = JpegStructure.Read(file);
        if (!BaselineJpeg.CanDecode(structure))
            return null;
        var pixels = new uint[structure.Frame!.Height * structure.Frame.Width];
        return new BaselineJpeg().TryDecode(file, structure, MemoryMarshal.AsBytes(pixels.AsSpan())) ? pixels : null;
    }

    private static uint[] Decoded(byte[] file) => [.. ImageFile
        .Decode(file, "image", ImageFile.DefaultPixelCap, new DecodeScratch(), new PixelBuffer<Rgb>()).ToArray().Cast<Rgb>()
        .Select(PixelRows.WithAlpha)];
}
