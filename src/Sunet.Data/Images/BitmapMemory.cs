using System.Buffers;
using SkiaSharp;

namespace Sunet.Data.Images;

/// <summary>The pixels of a bitmap, which stays reachable as long as they are; its owner disposes it.</summary>
/// <param name="bitmap">The bitmap.</param>
/// <param name="bytes">From its first pixel to the end of its last.</param>
internal sealed unsafe class BitmapMemory(SKBitmap bitmap, int bytes) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => SpanOf(bitmap, bytes);

    /// <summary>The pixels, valid as long as the bitmap is.</summary>
    public static Span<byte> SpanOf(SKBitmap bitmap, int bytes)
    {
        ObjectDisposedException.ThrowIf(bitmap.Handle == 0, bitmap);
        return new Span<byte>((void*)bitmap.GetPixels(), bytes);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)bytes);
        ObjectDisposedException.ThrowIf(bitmap.Handle == 0, bitmap);
        return new MemoryHandle((byte*)bitmap.GetPixels() + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
