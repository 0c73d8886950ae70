using Sunet.Native.Tensors;

namespace Sunet.Native.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Dimensions">Its dimensions, outermost first; none for a scalar. A dimension may be 0.</param>
/// <param name="Offset">Where its bytes start, counted from the start of the data behind the header.</param>
/// <param name="Bytes">How many bytes it takes.</param>
internal sealed record SafetensorsEntry(string Name, StoredType Type, IReadOnlyList<int> Dimensions, long Offset, long Bytes)
{
    /// <summary>The number of elements; 1 for a scalar.</summary>
    public long Count => Bytes / Type.Bytes();

    /// <summary>The element type as tensors in memory have it; null where they have none such.</summary>
    public DataType? DataType => Type.ToDataType();

    /// <summary>Whether the tensor has exactly these dimensions.</summary>
    public bool Has(Shape shape) => Dimensions.SequenceEqual(shape.ToArray());
}
