using Sunet.Native.Tensors;

namespace Sunet.Native.Checkpoints;

/// <summary>The element types a safetensors file may hold, of those this library reads.</summary>
public enum SafetensorsType
{
    /// <summary>F64, IEEE 754 double precision.</summary>
    Float64,

    /// <summary>F32, IEEE 754 single precision.</summary>
    Float32,

    /// <summary>F16, IEEE 754 half precision.</summary>
    Float16,

    /// <summary>BF16, the upper half of a single-precision number.</summary>
    BFloat16,

    /// <summary>I64, signed 64-bit integer.</summary>
    Int64,

    /// <summary>I32, signed 32-bit integer.</summary>
    Int32,

    /// <summary>U8, unsigned byte.</summary>
    UInt8,
}

/// <summary>The names and sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    private static readonly (SafetensorsType Type, string Name, int Bytes, DataType? Data)[] Known =
    [
        (SafetensorsType.Float64, "F64", 8, null),
        (SafetensorsType.Float32, "F32", 4, DataType.Float32),
        (SafetensorsType.Float16, "F16", 2, null),
        (SafetensorsType.BFloat16, "BF16", 2, null),
        (SafetensorsType.Int64, "I64", 8, DataType.Int64),
        (SafetensorsType.Int32, "I32", 4, DataType.Int32),
        (SafetensorsType.UInt8, "U8", 1, DataType.UInt8),
    ];

    public static int Bytes(this SafetensorsType type) => Known[(int)type].Bytes;

    public static string FormatName(this SafetensorsType type) => Known[(int)type].Name;

    public static DataType? ToDataType(this SafetensorsType type) => Known[(int)type].Data;

    public static string FormatName(this DataType type)
    {
        foreach (var known in Known)
        {
            if (known.Data == type)
                return known.Name;
        }

        throw new ArgumentOutOfRangeException(nameof(type));
    }

    public static SafetensorsType? Parse(string name)
    {
        foreach (var known in Known)
        {
            if (known.Name == name)
                return known.Type;
        }

        return null;
    }
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Dimensions">Its dimensions, outermost first; none for a scalar. A dimension may be 0.</param>
/// <param name="Offset">Where its bytes start, counted from the start of the data behind the header.</param>
/// <param name="Bytes">How many bytes it takes.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<int> Dimensions, long Offset, long Bytes)
{
    /// <summary>The number of elements; 1 for a scalar.</summary>
    public long Count => Bytes / Type.Bytes();

    /// <summary>The element type as tensors in memory have it; null for F64, F16 and BF16.</summary>
    public DataType? DataType => Type.ToDataType();

    /// <summary>Whether the tensor has exactly these dimensions.</summary>
    public bool Has(Shape shape) => Dimensions.SequenceEqual(shape.ToArray());
}
