using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Files;

/// <summary>A write-only, seekable, buffered stream whose every failing call reaches the caller. It does not own its file.</summary>
internal sealed class DurableStream(IFileCalls calls, SafeFileHandle file) : Stream
{
    private readonly byte[] buffer = new byte[1 << 18];
    private int buffered;
    private long start; // where the buffer's first byte belongs
    private long length;

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => Math.Max(length, start + buffered);

    public override long Position
    {
        get => start + buffered;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Flush();
            start = value;
        }
    }

    public override void Write(ReadOnlySpan<byte> source)
    {
        if (source.Length > buffer.Length - buffered)
            Flush();
        if (source.Length > buffer.Length)
        {
            calls.Write(file, source, start);
            Advance(source.Length);
            return;
        }

        source.CopyTo(buffer.AsSpan(buffered));
        buffered += source.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        if (buffered == 0)
            return;
        calls.Write(file, buffer.AsSpan(0, buffered), start);
        int written = buffered;
        buffered = 0;
        Advance(written);
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is write-only.");

    public override void SetLength(long value) => throw new NotSupportedException("The stream's length is what is written to it.");

    private void Advance(int written)
    {
        start += written;
        length = Math.Max(length, start);
    }
}
