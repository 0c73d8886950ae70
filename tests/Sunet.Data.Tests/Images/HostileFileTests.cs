using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>
/// Whatever the bytes, a reader returns an image or throws <see cref="DataException"/>; anything else fails the test by itself.
/// </summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DecodeScratch scratch = new();
    private readonly PixelBuffer<Rgb> image = new();
    private readonly PixelBuffer<byte> labels = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Decode_EveryBitOfALabelPngFlipped_IsRefused()
    {
        byte[] png = TestPng.Indexed(new byte[,] { { 0, 1, 2, 3 }, { 3, 2, 1, 0 } }, 8, 3, new byte[12]);

        // Every byte is under a checksum, a signature or a length, so no flip may pass.
        ForEveryFlip(png, flipped => Assert.False(Decodes(flipped, asLabels: true)));
    }

    [Fact]
    public void Decode_EveryTruncationOfALabelPng_IsRefused()
    {
        byte[] png = TestPng.Indexed(new byte[,] { { 0, 1, 2, 3 }, { 3, 2, 1, 0 } }, 8, 3, new byte[12]);
        Assert.True(Decodes(png, asLabels: true));
        for (int length = 0; length < png.Length; length++)
            Assert.False(Decodes(png.AsSpan(0, length), asLabels: true));
    }

    [Fact]
    public void Decode_EveryBitAndTruncationOfAnImagePng_DecodesOrIsRefused() => Attack("image.png", ImageWriter.WritePng);

    [Fact]
    public void Decode_EveryBitAndTruncationOfAJpeg_DecodesOrIsRefused() =>
        Attack("image.jpg", (path, pixels) => ImageWriter.WriteJpeg(path, pixels, 40));

    private delegate void Writer(string path, CommunityToolkit.HighPerformance.ReadOnlySpan2D<Rgb> pixels);

    private void Attack(string name, Writer write)
    {
        string path = folder.At(name);
        write(path, ImageFileTests.Gradient(9, 13));
        byte[] file = File.ReadAllBytes(path);
        Assert.InRange(file.Length, 50, 2048);
        Assert.True(Decodes(file, asLabels: false));
        int refused = 0;
        ForEveryFlip(file, flipped => refused += Decodes(flipped, asLabels: false) ? 0 : 1);
        for (int length = 0; length < file.Length; length++)
            refused += Decodes(file.AsSpan(0, length), asLabels: false) ? 0 : 1;
        Assert.InRange(refused, file.Length - 16, int.MaxValue);
    }

    private static void ForEveryFlip(byte[] file, Action<byte[]> check)
    {
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            check(file);
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private bool Decodes(ReadOnlySpan<byte> file, bool asLabels)
    {
        const long Cap = 1 << 20;
        try
        {
            if (asLabels)
                LabelFile.Decode(file, "hostile", Cap, scratch, labels);
            else
                ImageFile.Decode(file, "hostile", Cap, scratch, image);
            return true;
        }
        catch (DataException)
        {
            return false;
        }
    }
}
