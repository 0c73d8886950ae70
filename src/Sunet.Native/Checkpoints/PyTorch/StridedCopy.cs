namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>Puts the elements of a strided tensor in row-major order.</summary>
internal static class StridedCopy
{
    /// <summary>Gathers a tensor's elements.</summary>
    /// <param name="storage">The bytes of its storage.</param>
    /// <param name="tensor">A tensor that lies within the storage.</param>
    /// <param name="size">The bytes of an element.</param>
    public static byte[] Gather(ReadOnlySpan<byte> storage, PickledTensor tensor, int size)
    {
        var result = new byte[tensor.Count * size];
        var index = new int[tensor.Dimensions.Length];
        long element = tensor.Start;
        for (int written = 0; written < result.Length; written += size)
        {
            storage.Slice((int)(element * size), size).CopyTo(result.AsSpan(written));
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                element += tensor.Strides[axis];
                if (++index[axis] < tensor.Dimensions[axis])
                    break;
                element -= tensor.Strides[axis] * tensor.Dimensions[axis];
                index[axis] = 0;
            }
        }

        return result;
    }
}
