namespace Sunet.Native.Tensors;

/// <summary>The element type of a tensor.</summary>
public enum DataType
{
    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>Signed 32-bit integer: labels and counts.</summary>
    Int32,

    /// <summary>Unsigned byte: images and label maps.</summary>
    UInt8,

    /// <summary>Signed 64-bit integer: counters in checkpoints.</summary>
    Int64,
}

/// <summary>Sizes of the element types.</summary>
internal static class DataTypes
{
    /// <summary>The bytes one element takes.</summary>
    public static int Bytes(this DataType type) => type switch
    {
        DataType.Float32 or DataType.Int32 => 4,
        DataType.UInt8 => 1,
        DataType.Int64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
