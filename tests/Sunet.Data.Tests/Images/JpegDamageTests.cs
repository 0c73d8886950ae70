using CommunityToolkit.HighPerformance;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>What a decoder makes up for and says nothing of is an error here; what is all there is read.</summary>
public sealed class JpegDamageTests : IDisposable
{
    private readonly TestFolder folder = new();

    public static TheoryData<string> Names => [.. TestJpeg.Names];

    public static TheoryData<string> Others => ["arithmetic", "arithmetic-progressive"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    [MemberData(nameof(Others))]
    public void Load_Sound_IsRead(string name)
    {
        byte[] file = TestJpeg.Read(name);
        Rgb[,] image = Load(file);
        Assert.Equal((83, 117), (image.GetLength(0), image.GetLength(1)));
        Assert.Equal(image, Load([.. file, .. new byte[500]]));
        Assert.Equal(image, Load([.. file, .. "a camera's own data"u8, .. file]));
        Assert.Equal(image, Load([.. file[..^2], 0xFF, 0xFF, 0xFF, .. file[^2..]]));
        Assert.Equal(image, Load([.. file[..2], 0xFF, 0xE5, 0, 6, 0xFF, 0xDA, 0xFF, 0xD9, .. file[2..]]));
        int thumbnail = file.Length + 2;
        Assert.Equal(image, Load([.. file[..2], 0xFF, 0xE1, (byte)(thumbnail >> 8), (byte)thumbnail, .. file, .. file[2..]]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_EndMarkerMissing_IsReadToItsLastRow(string name)
    {
        byte[] file = TestJpeg.Read(name);
        Assert.Equal(Load(file), Load(file[..^2]));
        Assert.Equal(Load(file), Load(file[..^1]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_FewBytesBehindTheCodes_IsRead(string name)
    {
        byte[] file = TestJpeg.Read(name);
        Assert.Equal(Load(file), Load([.. file[..^2], .. new byte[300], .. file[^2..]]));
        Assert.Equal(Load(file), Load([.. file[..^2], 1, 2, 3, .. file[^2..]]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_CutShort_IsTruncated(string name)
    {
        byte[] file = TestJpeg.Read(name);
        int codes = TestJpeg.Scans(file)[0].Codes;
        foreach (int percent in new[] { 15, 40, 70, 95, 99 })
        {
            int length = codes + ((file.Length - 2 - codes) * percent / 100);
            AssertRefused(file[..length], "is truncated: its pixels end early");

            // Where the cut is in the header of a scan, its length goes beyond the end that was put behind it.
            AssertRefused([.. file[..length], 0xFF, 0xD9], "is damaged", "is truncated");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_TailOfZeros_IsDamaged(string name)
    {
        byte[] file = TestJpeg.Read(name);
        int codes = TestJpeg.Scans(file)[0].Codes;
        foreach (int percent in new[] { 15, 40, 70, 95 })
        {
            int from = codes + ((file.Length - 2 - codes) * percent / 100);
            AssertRefused(TestJpeg.Zeroed(file, from, file.Length), $"is damaged: its last {file.Length - from} bytes are zeros");
            AssertRefused(TestJpeg.Zeroed(file, from, file.Length - 2), "is damaged");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_ScanLostZeroedOrEmpty_IsDamaged(string name)
    {
        byte[] file = TestJpeg.Read(name);
        List<(int Header, int Codes, int End)> scans = TestJpeg.Scans(file);
        foreach ((int header, int codes, int end) in scans)
        {
            if (scans.Count > 1)
                AssertRefused(TestJpeg.Without(file, header, end), "is damaged: a scan is missing");
            AssertRefused(TestJpeg.Without(file, codes, end), "is damaged: scan ");
            if (end - codes > 16)
                AssertRefused(TestJpeg.Zeroed(file, codes, end), "is damaged: scan ");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_BytesLostInTheMiddle_IsDamaged(string name)
    {
        byte[] file = TestJpeg.Read(name);
        (_, int codes, int end) = TestJpeg.Scans(file).MaxBy(scan => scan.End - scan.Codes);
        int middle = (codes + end) / 2;
        AssertRefused(TestJpeg.Without(file, middle, Math.Min(middle + 150, end)), "is damaged");
        AssertRefused(TestJpeg.Zeroed(file, middle, Math.Min(middle + 150, end)), "is damaged");
    }

    [Theory]
    [InlineData("baseline-restarts")]
    [InlineData("progressive-restarts")]
    public void Load_RestartMarkerLost_IsDamaged(string name)
    {
        byte[] file = TestJpeg.Read(name);
        int marker = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD1]);
        AssertRefused(TestJpeg.Without(file, marker, marker + 2), "has lost some of its restart markers");
    }

    [Theory]
    [InlineData("baseline-420")]
    [InlineData("progressive-420")]
    public void Run_DatasetWithDamagedPhotographs_FindsEachOfThem(string name)
    {
        using TestFolder data = TestFolder.WithVoc();
        byte[] file = TestJpeg.Read(name);
        string a = data.Write(file[..(file.Length * 7 / 10)], "JPEGImages", "a.jpg");
        string b = data.Write([.. file[..(file.Length * 9 / 10)], 0xFF, 0xD9], "JPEGImages", "b.jpg");
        DatasetReport report = DatasetCheck.Run(data.Root);
        Assert.Contains(report.Findings, f => f.Path == a && f.Problem.Contains("is truncated", StringComparison.Ordinal));
        Assert.Contains(report.Findings, f => f.Path == b && f.Problem.Contains("is damaged", StringComparison.Ordinal));
    }

    /// <summary>
    /// A loader follows codes only where something is odd: that must be so for every one of these. What it cannot see is an end that was
    /// put behind a progressive image cut in its last scan, which lacks but the last bit of some coefficients.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Read_DamagedPhotograph_IsAnErrorThatNamesIt(string name)
    {
        byte[] file = TestJpeg.Read(name);
        List<(int Header, int Codes, int End)> scans = TestJpeg.Scans(file);
        int first = scans[0].Codes, cut = first + ((file.Length - first) * 6 / 10);
        Assert.Null(FailureOfTraining(file));
        Assert.Null(FailureOfTraining(file[..^2]));
        byte[] ended = [.. file[..(first + ((file.Length - first) * 3 / 10))], 0xFF, 0xD9];
        List<byte[]> damaged = [file[..cut], ended, TestJpeg.Zeroed(file, cut, file.Length), TestJpeg.Zeroed(file, cut, file.Length - 2)];
        foreach ((int header, int codes, int end) in scans)
        {
            damaged.Add(TestJpeg.Without(file, codes, end));
            if (scans.Count > 1)
                damaged.Add(TestJpeg.Without(file, header, end));
            if (end - codes > 16)
                damaged.Add(TestJpeg.Zeroed(file, codes, end));
        }

        foreach (byte[] bytes in damaged)
            Assert.Equal(folder.At("JPEGImages", "a.jpg"), Assert.IsType<DataException>(FailureOfTraining(bytes)).Path);
    }

    /// <summary>All of its codes are zeros, and yet sound.</summary>
    [Fact]
    public void Load_ProgressiveOfOneColour_IsRead() =>
        Assert.All(Load(TestJpeg.ManyScans(160, 2)).Cast<Rgb>(), pixel => Assert.Equal(new Rgb(128, 128, 128), pixel));

    [Fact]
    public void Load_ManyScansOfALargeImage_IsRefusedAtOnce()
    {
        string path = folder.Write(TestJpeg.ManyScans(8184, 7), "slow.jpg");
        Assert.InRange(new FileInfo(path).Length, 1, 200_000);
        long start = Environment.TickCount64;
        var failure = Assert.Throws<DataException>(() => ImageFile.Load(path));
        Assert.Contains("goes over its 8184 x 8184 pixels in 99 scans", failure.Message, StringComparison.Ordinal);
        Assert.InRange(Environment.TickCount64 - start, 0, 10_000);
    }

    [Theory]
    [InlineData(12, 0xC1, "is a JPEG of 12 bits a sample")]
    [InlineData(16, 0xC3, "is a lossless JPEG")]
    [InlineData(8, 0xC3, "is a lossless JPEG")]
    [InlineData(8, 0xC5, "is a hierarchical JPEG")]
    public void Load_KindThatIsNotRead_IsCalledWhatItIs(byte precision, byte marker, string expected)
    {
        byte[] file = TestJpeg.Read("baseline-grey");
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[frame + 1], file[frame + 4]) = (marker, precision);
        AssertRefused(file, expected);
    }

    private Rgb[,] Load(byte[] file) => ImageFile.Load(folder.Write(file, "image.jpg")).ToArray();

    private void AssertRefused(byte[] file, params string[] expected)
    {
        string path = folder.Write(file, "image.jpg");
        var failure = Assert.Throws<DataException>(() => ImageFile.Load(path));
        Assert.StartsWith($"'{path}' ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, words => failure.Message.Contains(words, StringComparison.Ordinal));
    }

    private DataException? FailureOfTraining(byte[] file)
    {
        folder.Write(file, "JPEGImages", "a.jpg");
        IndexPngWriter.Write(folder.At("SegmentationClass", "a.png"), new byte[83, 117]);
        folder.WriteText("ground\nthing\n", "classes.txt");
        folder.WriteText("a\n", "ImageSets", "Segmentation", "train.txt");
        var settings = new BatchLoaderSettings(1, new AugmentationSettings(32, 32)) { Workers = 1, Prefetch = 1 };
        using var loader = new BatchLoader(DatasetReader.Open(folder.Root, "train"), settings);
        try
        {
            loader.Return(loader.Read(0));
            return null;
        }
        catch (DataException failure)
        {
            return failure;
        }
    }
}
