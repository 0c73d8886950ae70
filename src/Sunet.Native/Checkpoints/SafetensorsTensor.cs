using Sunet.Native.Tensors;

namespace Sunet.Native.Checkpoints;

/// <summary>Writes all of a tensor's elements, row-major and little-endian, into a buffer of exactly their size.</summary>
/// <param name="destination">The buffer; its previous content is undefined.</param>
internal delegate void TensorFill(Span<byte> destination);

/// <summary>A tensor to be written: its name and shape, and the source of its data, which is read when the tensor is written.</summary>
internal sealed class SafetensorsTensor
{
    /// <summary>Declares a tensor whose data are produced while the file is written, into a buffer that the writer reuses.</summary>
    /// <param name="name">Its name; not empty, not <c>__metadata__</c>.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="dimensions">Its dimensions, outermost first; none for a scalar; a dimension may be 0.</param>
    /// <param name="fill">Produces its data.</param>
    /// <exception cref="ArgumentException">The name is not allowed, a dimension is negative, or the tensor takes 2 GiB or more.</exception>
    public SafetensorsTensor(string name, DataType type, IReadOnlyList<int> dimensions, TensorFill fill)
        : this(name, type, dimensions) => Fill = fill ?? throw new ArgumentNullException(nameof(fill));

    private SafetensorsTensor(string name, DataType type, IReadOnlyList<int> dimensions)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(dimensions);
        if (name == SafetensorsHeader.MetadataKey)
            throw new ArgumentException($"No tensor can be called '{name}'.", nameof(name));
        SafetensorsHeader.RequireUnicode(name);
        if (dimensions.Count > SafetensorsHeader.MaximumRank)
            throw new ArgumentException($"Tensor '{name}' has more than {SafetensorsHeader.MaximumRank} dimensions.", nameof(dimensions));
        long bytes = type.Bytes();
        foreach (int dimension in dimensions)
        {
            if (dimension < 0)
                throw new ArgumentException($"Tensor '{name}' has the negative dimension {dimension}.", nameof(dimensions));
            bytes *= dimension; // below 2^31 before, so below 2^62 after
            if (bytes > Array.MaxLength)
                throw new ArgumentException($"Tensor '{name}' takes 2 GiB or more.", nameof(dimensions));
        }

        Name = name;
        Type = type;
        Dimensions = [.. dimensions];
        Bytes = (int)bytes;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public DataType Type { get; }

    /// <summary>The dimensions, outermost first; none for a scalar.</summary>
    public IReadOnlyList<int> Dimensions { get; }

    /// <summary>The bytes the data take.</summary>
    public int Bytes { get; }

    internal TensorFill? Fill { get; }

    internal ReadOnlyMemory<float>? Values { get; private init; }

    /// <summary>A tensor of floats that are already in memory, which is written from there without a copy.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimensions">Its dimensions, outermost first; none for a scalar.</param>
    /// <param name="values">Its elements, row-major; they must not change until the file is written.</param>
    /// <exception cref="ArgumentException">Name or dimension is not allowed, or the element count differs from the shape's.</exception>
    public static SafetensorsTensor Floats(string name, IReadOnlyList<int> dimensions, ReadOnlyMemory<float> values)
    {
        SafetensorsTensor tensor = new(name, DataType.Float32, dimensions) { Values = values };
        if (tensor.Bytes != (long)values.Length * sizeof(float))
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {values.Length} elements; its shape has {tensor.Bytes / sizeof(float)}.", nameof(values));
        }

        return tensor;
    }
}
