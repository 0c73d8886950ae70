using System.Buffers.Binary;
using System.IO.Compression;
using Sunet.Data.Images;
using Sunet.Data.Matlab;

namespace Sunet.Data.Tests.Matlab;

public sealed class MatFileTests
{
    private static readonly byte[,] Labels = { { 0, 1, 2, 3, 4 }, { 5, 6, 7, 8, 9 }, { 10, 11, 12, 13, 20 } };

    private readonly PixelBuffer<byte> pixels = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_FieldOfAStructure_IsInRowMajorOrder(bool compressed)
    {
        byte[] file = TestMat.Sbd(Labels, compressed);
        Assert.Equal((3, 5), Read(file));
        Assert.Equal(Labels, pixels.Reserve(3, 5).ToArray());
    }

    /// <summary>Written by <c>scipy.io.savemat(..., do_compression=True)</c> 1.10: element (y, x) of 5 x 7 is (3 y + x) mod 21.</summary>
    [Fact]
    public void Read_FileOfScipy_IsWhatScipyWrote()
    {
        using Stream resource = typeof(MatFileTests).Assembly.GetManifestResourceStream("sbd-scipy.mat")!;
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        Assert.Equal((5, 7), Read(file));
        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 7; x++)
                Assert.Equal(((3 * y) + x) % 21, pixels.Reserve(5, 7).Span[y, x]);
        }
    }

    [Fact]
    public void Read_OtherVariablesBefore_AreSkipped()
    {
        byte[] other = TestMat.Array(TestMat.Bytes("GTcls", Labels));
        byte[] structure = TestMat.Array(TestMat.Struct("GTinst", ("x", TestMat.Bytes("", Labels))));
        byte[] wanted = TestMat.Array(TestMat.Struct("GTcls", ("Segmentation", TestMat.Bytes("", Labels, asDouble: true))));
        Assert.Equal((3, 5), Read(TestMat.File(true, other, structure, wanted)));
        Assert.Equal(Labels, pixels.Reserve(3, 5).ToArray());
    }

    [Fact]
    public void Read_NothingOfThatName_SaysWhatIsMissing()
    {
        byte[] otherField = TestMat.Struct("GTcls", ("x", TestMat.Bytes("", Labels)));
        byte[] otherKind = TestMat.Struct("GTcls", ("Segmentation", TestMat.Struct("")));
        AssertRefused(TestMat.File(true, TestMat.Array(TestMat.Bytes("x", Labels))), "no variable 'GTcls'");
        AssertRefused(TestMat.File(false, TestMat.Array(otherField)), "no field 'Segmentation'");
        AssertRefused(TestMat.File(false, TestMat.Array(otherKind)), "no matrix of bytes");
        AssertRefused([.. "MATLAB 7.3 MAT-file"u8, .. new byte[300]], "no MATLAB 5 file");
        AssertRefused([1, 2, 3], "truncated");
    }

    [Fact]
    public void Read_FileOnDisk_IsRead()
    {
        using var folder = new TestFolder();
        string path = folder.Write(TestMat.Sbd(Labels), "labels.mat");
        Assert.Equal((3, 5), new MatFile(path, "GTcls", "Segmentation", 15).Read(new DecodeScratch(), pixels));
        File.Delete(path);
        Assert.Throws<DataException>(() => new MatFile(path, "GTcls", "Segmentation", 15).Read(new DecodeScratch(), null));
    }

    [Fact]
    public void Read_MoreThanTheCap_IsRefused()
    {
        var failure = Assert.Throws<DataException>(() => Open(14).Read(Stream(TestMat.Sbd(Labels)), pixels));
        Assert.Contains("above the cap of 14", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>128 MiB of zeros shrink to 128 KiB: an archive bomb in a field that is skipped.</summary>
    [Fact]
    public void Read_ArchiveBomb_IsRefusedInLittleMemory()
    {
        const int Bomb = 128 << 20;
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] start = TestMat.Struct("GTcls", ("Boundaries", []), ("Segmentation", TestMat.Bytes("", Labels)));
            zlib.Write(Words(14, Bomb + 4096));
            zlib.Write(start.AsSpan(0, start.AsSpan().LastIndexOf("Segmentation"u8) + 20));
            zlib.Write(Words(14, Bomb));
            var zeros = new byte[1 << 20];
            for (int i = 0; i < Bomb / zeros.Length; i++)
                zlib.Write(zeros);
        }

        byte[] file = [.. TestMat.File(false), .. TestMat.Element(15, packed.ToArray(), pad: false)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        var failure = Assert.Throws<DataException>(() => Read(file));
        Assert.Contains("unpacks to more than", failure.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * file.Length) + (1 << 20));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_EveryTruncation_IsRefused(bool compressed)
    {
        byte[] file = TestMat.Sbd(Labels, compressed);
        for (int length = 0; length < file.Length; length++)
            Assert.Throws<DataException>(() => Read(file[..length]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_EveryBitFlipped_IsRefusedOrRead(bool compressed)
    {
        byte[] file = TestMat.Sbd(Labels, compressed);
        int refused = 0;
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += IsRefused(file) ? 1 : 0;
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // All of a compressed element is under its checksum but the bits that fill up the last byte of its packed data; elsewhere text,
        // labels and what is skipped may be anything.
        const int Header = 128, Fill = 7;
        Assert.InRange(refused, compressed ? ((file.Length - Header) * 8) - Fill : file.Length, file.Length * 8);
    }

    [Fact]
    public void Read_RandomElements_AreRefusedOrRead()
    {
        var random = new Random(5);
        byte[] sound = TestMat.Sbd(Labels, compressed: false);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] file = [.. sound];
            for (int n = random.Next(1, 6); n > 0; n--)
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(128 + (4 * random.Next((file.Length - 128) / 4))), Hostile(random));
            refused += IsRefused(file) ? 1 : 0;
        }

        Assert.InRange(refused, 1500, 3000);
    }

    private static int Hostile(Random random) => random.Next(5) switch
    {
        0 => random.Next(),
        1 => -1,
        2 => int.MaxValue,
        3 => random.Next(0x50000),
        _ => random.Next(64),
    };

    private static byte[] Words(int first, int second) => [.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)];

    private (int Height, int Width) Read(byte[] file) => Open(1 << 20).Read(Stream(file), pixels);

    private static MatFile Open(long cap) => new("labels.mat", "GTcls", "Segmentation", cap);

    private static MemoryStream Stream(byte[] file) => new(file, 0, file.Length, writable: false, publiclyVisible: true);

    private bool IsRefused(byte[] file)
    {
        try
        {
            Read(file);
            return false;
        }
        catch (DataException)
        {
            return true;
        }
    }

    private void AssertRefused(byte[] file, string reason)
    {
        var failure = Assert.Throws<DataException>(() => Read(file));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("labels.mat", failure.Path, StringComparison.Ordinal);
    }
}
