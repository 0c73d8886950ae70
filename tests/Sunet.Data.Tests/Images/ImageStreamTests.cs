using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>Images and label maps go through streams as through files.</summary>
public sealed class ImageStreamTests
{
    [Fact]
    public void Load_WrittenPng_ReturnsWhatWasWritten()
    {
        Rgb[,] image = ImageFileTests.Gradient(31, 47);
        using var stream = new MemoryStream();
        ImageWriter.WritePng(stream, image);
        stream.Position = 0;
        Assert.Equal(image, ImageFile.Load(stream).ToArray());
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void Load_WrittenJpeg_IsThatOfTheFile()
    {
        using var folder = new TestFolder();
        Rgb[,] image = ImageFileTests.Gradient(31, 47);
        using var stream = new MemoryStream();
        ImageWriter.WriteJpeg(stream, image, 80);
        ImageWriter.WriteJpeg(folder.At("image.jpg"), image, 80);
        Assert.Equal(File.ReadAllBytes(folder.At("image.jpg")), stream.ToArray());
        using Stream pipe = new PipeStream(stream.ToArray());
        Assert.Equal(ImageFile.Load(folder.At("image.jpg")).ToArray(), ImageFile.Load(pipe, "camera").ToArray());
    }

    [Fact]
    public void Load_WrittenLabels_ReturnsWhatWasWritten()
    {
        byte[,] labels = { { 0, 1, 2 }, { 255, 254, 7 } };
        using var written = new MemoryStream();
        IndexPngWriter.Write(written, labels);
        using Stream pipe = new PipeStream(written.ToArray());
        Assert.Equal(labels, LabelFile.Load(pipe).ToArray());
    }

    [Fact]
    public void Load_MidwayInALargeStream_ReadsFromThere()
    {
        var image = new Rgb[300, 400];
        new Random(3).NextBytes(MemoryMarshal.AsBytes(image.AsSpan()));
        using var stream = new MemoryStream();
        stream.Write("something before"u8);
        long start = stream.Position;
        ImageWriter.WritePng(stream, image);
        Assert.InRange(stream.Length, 200_000, long.MaxValue);
        stream.Position = start;
        Assert.Equal(image, ImageFile.Load(stream).ToArray());
    }

    [Fact]
    public void Load_NothingDamagedOrTooLarge_IsRefusedByItsName()
    {
        byte[] file = TestJpeg.Read("progressive-420");
        AssertRefused([], "'upload' has 0 bytes");
        AssertRefused(file[..1500], "'upload' is truncated");
        using var large = new PipeStream(file);
        var tooLarge = Assert.Throws<DataException>(() => ImageFile.Load(large, "upload", 100));
        Assert.Contains("cap of 100;", tooLarge.Message, StringComparison.Ordinal);
        using var broken = new PipeStream(file) { Breaks = true };
        Assert.Equal("'upload' cannot be read: gone", Assert.Throws<DataException>(() => ImageFile.Load(broken, "upload")).Message);
        using var labels = new PipeStream(file);
        Assert.StartsWith("'upload' is a JPEG image;", Assert.Throws<DataException>(() => LabelFile.Load(labels, "upload")).Message);
    }

    [Fact]
    public void Write_StreamThatBreaks_IsDataException()
    {
        using var full = new PipeStream([]) { Breaks = true };
        var failure = Assert.Throws<DataException>(() => ImageWriter.WritePng(full, new Rgb[2, 2]));
        Assert.Equal("The image cannot be written to its stream: gone", failure.Message);
        Assert.Throws<DataException>(() => ImageWriter.WriteJpeg(full, new Rgb[2, 2]));
        Assert.Throws<DataException>(() => IndexPngWriter.Write(full, new byte[2, 2]));
    }

    private static void AssertRefused(byte[] file, string expected)
    {
        using var stream = new PipeStream(file);
        Assert.StartsWith(expected, Assert.Throws<DataException>(() => ImageFile.Load(stream, "upload")).Message, StringComparison.Ordinal);
    }

    /// <summary>Gives a few bytes at a time, and cannot seek.</summary>
    private sealed class PipeStream(byte[] contents) : Stream
    {
        private int at;

        public bool Breaks { get; init; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (Breaks)
                throw new IOException("gone");
            int read = Math.Min(Math.Min(count, 777), contents.Length - at);
            contents.AsSpan(at, read).CopyTo(buffer.AsSpan(offset));
            at += read;
            return read;
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("gone");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
