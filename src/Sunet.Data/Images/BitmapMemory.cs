using System.Buffers;
using SkiaSharp;

namespace Sunet.Data.Images;

/// <summary>The pixels of a bitmap, which stays reachable as long as they are; its owner disposes it.</summary>
/// <param name="bitmap">The bitmap.</param>
/// <param name="bytes">From its first pixel to the end of its last.</param>
internal sealed unsafe class BitmapMemory(SKBitmap bitmap, int bytes) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new((void*)Address(), bytes);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)bytes);
        return new MemoryHandle((byte*)Address() + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    private nint Address()
    {
        ObjectDisposedException.ThrowIf(bitmap.Handle == 0, bitmap);
        return bitmap.GetPixels();
    }
}
