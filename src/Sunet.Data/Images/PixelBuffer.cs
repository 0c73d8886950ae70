using CommunityToolkit.HighPerformance;

namespace Sunet.Data.Images;

/// <summary>A grow-only [H, W] array that a decoder fills again and again, so that reading many files does not allocate.</summary>
internal sealed class PixelBuffer<T>
    where T : unmanaged
{
    private T[] pixels = [];

    /// <summary>Sizes the buffer; what an earlier call returned is overwritten. The contents are undefined.</summary>
    public Memory2D<T> Reserve(int height, int width)
    {
        _ = GrowOnly.Reserve(ref pixels, checked(height * width));
        return new Memory2D<T>(pixels, 0, height, width, 0);
    }

    /// <summary>Gives the memory up.</summary>
    public void Drop() => pixels = [];
}
