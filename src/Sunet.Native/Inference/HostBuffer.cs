using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Working memory of predictions beside their plans: images, maps, tiles.</summary>
internal static class HostBuffer
{
    /// <summary>Memory out of the array pool, which gets it back when it is disposed.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    public static SpanOwner<T> Rent<T>(Shape shape)
    {
        int length = shape.ArrayLength;
        try
        {
            return SpanOwner<T>.Allocate(length);
        }
        catch (OutOfMemoryException failure)
        {
            throw NotEnough(shape, length, failure);
        }
    }

    /// <summary>Memory that is kept, uninitialised.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    public static byte[] Array(Shape shape)
    {
        int length = shape.ArrayLength;
        try
        {
            return GC.AllocateUninitializedArray<byte>(length);
        }
        catch (OutOfMemoryException failure)
        {
            throw NotEnough(shape, length, failure);
        }
    }

    /// <summary>Memory that goes back to the system when it is disposed.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    public static HostFloats Allocate(Shape shape)
    {
        int length = shape.ArrayLength;
        try
        {
            return new HostFloats(length);
        }
        catch (OutOfMemoryException failure)
        {
            throw NotEnough(shape, (long)length * sizeof(float), failure);
        }
    }

    private static MemoryException NotEnough(Shape shape, long bytes, OutOfMemoryException failure) => new(
        $"There is no memory for an image or map of shape {shape}; use a smaller image, or cut it into tiles or crops.", bytes, failure);
}
