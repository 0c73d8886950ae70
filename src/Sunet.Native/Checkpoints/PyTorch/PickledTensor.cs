namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>A storage that the pickle declares and whose elements stand elsewhere in the file.</summary>
/// <param name="key">Its name.</param>
/// <param name="element">Its element type.</param>
/// <param name="count">How many elements it has.</param>
internal sealed class PickledStorage(string key, StoredType element, long count)
{
    public string Key { get; } = key;

    public StoredType Element { get; } = element;

    public long Count { get; } = count;

    public long Bytes => Count * Element.Bytes();

    /// <summary>Where its elements stand in the file; null until that is known.</summary>
    public ZipEntry? Content { get; set; }
}

/// <summary>A part of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Start">The first element.</param>
/// <param name="Count">How many elements there are.</param>
internal sealed record PickledView(PickledStorage Storage, long Start, long Count);

/// <summary>A tensor: where it lies in its storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Start">The first element within the storage.</param>
/// <param name="Dimensions">Outermost first; none for a scalar.</param>
/// <param name="Strides">How many elements apart neighbours of each dimension are.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Start, int[] Dimensions, long[] Strides)
{
    /// <summary>More dimensions than any layer's parameters have; PyTorch itself stops at 64.</summary>
    private const int MaximumRank = 8;

    /// <summary>The number of elements; 1 for a scalar.</summary>
    public long Count { get; } = CountOf(Dimensions);

    /// <summary>Whether the elements stand one behind the other.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int i = Dimensions.Length - 1; i >= 0; i--)
            {
                if (Dimensions[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Dimensions[i];
            }

            return true;
        }
    }

    /// <summary>Makes a tensor from the arguments of torch._utils._rebuild_tensor.</summary>
    /// <exception cref="FormatException">They are malformed, or the tensor reaches beyond its storage.</exception>
    public static PickledTensor FromArguments(object?[] arguments)
    {
        if (arguments is not [PickledView view, _, object?[] size, object?[] stride, ..])
            throw new FormatException("a tensor is not made of a storage, an offset, a size and strides");
        if (size.Length != stride.Length || size.Length > MaximumRank)
            throw new FormatException($"a tensor has {size.Length} dimensions and {stride.Length} strides; up to {MaximumRank} are read");
        long offset = PickledIntegers.Count(arguments[1], "the offset of a tensor");
        var dimensions = new int[size.Length];
        var strides = new long[size.Length];
        Int128 last = offset;
        for (int i = 0; i < size.Length; i++)
        {
            long dimension = PickledIntegers.Count(size[i], "a dimension of a tensor");
            if (dimension > int.MaxValue)
                throw new FormatException($"a tensor has a dimension of {dimension}");
            dimensions[i] = (int)dimension;
            strides[i] = PickledIntegers.Count(stride[i], "a stride of a tensor");
            last += (Int128)strides[i] * Math.Max(0, dimension - 1);
        }

        if (CountOf(dimensions) > 0 && last >= view.Count)
            throw new FormatException($"a tensor ends at element {last} of storage '{view.Storage.Key}', which has {view.Count}");
        return new PickledTensor(view.Storage, view.Start + offset, dimensions, strides);
    }

    private static long CountOf(int[] dimensions)
    {
        if (dimensions.Contains(0))
            return 0;
        long count = 1;
        foreach (int dimension in dimensions)
        {
            count *= dimension;
            if (count > int.MaxValue)
                throw new FormatException($"a tensor of [{string.Join(", ", dimensions)}] has too many elements");
        }

        return count;
    }
}
