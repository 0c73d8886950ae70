using System.Runtime.InteropServices;
using Sunet.Native.Tensors;

namespace Sunet.Native.Checkpoints;

/// <summary>The element types of the tensors in checkpoint files, of those this library reads.</summary>
internal enum StoredType
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

    /// <summary>I16, signed 16-bit integer.</summary>
    Int16,

    /// <summary>I8, signed byte.</summary>
    Int8,

    /// <summary>U8, unsigned byte.</summary>
    UInt8,

    /// <summary>BOOL, a byte that is 0 or 1.</summary>
    Bool,
}

/// <summary>Names, sizes and conversions of the element types.</summary>
internal static class StoredTypes
{
    private static readonly (StoredType Type, string Name, int Bytes, DataType? Data)[] Known =
    [
        (StoredType.Float64, "F64", 8, null),
        (StoredType.Float32, "F32", 4, DataType.Float32),
        (StoredType.Float16, "F16", 2, null),
        (StoredType.BFloat16, "BF16", 2, null),
        (StoredType.Int64, "I64", 8, DataType.Int64),
        (StoredType.Int32, "I32", 4, DataType.Int32),
        (StoredType.Int16, "I16", 2, null),
        (StoredType.Int8, "I8", 1, null),
        (StoredType.UInt8, "U8", 1, DataType.UInt8),
        (StoredType.Bool, "BOOL", 1, null),
    ];

    public static int Bytes(this StoredType type) => Known[(int)type].Bytes;

    /// <summary>The type's name in safetensors files.</summary>
    public static string FormatName(this StoredType type) => Known[(int)type].Name;

    public static DataType? ToDataType(this StoredType type) => Known[(int)type].Data;

    public static bool IsFloat(this StoredType type) => type <= StoredType.BFloat16;

    public static string FormatName(this DataType type)
    {
        foreach (var known in Known)
        {
            if (known.Data == type)
                return known.Name;
        }

        throw new ArgumentOutOfRangeException(nameof(type));
    }

    public static StoredType? Parse(string name)
    {
        foreach (var known in Known)
        {
            if (known.Name == name)
                return known.Type;
        }

        return null;
    }

    /// <summary>The type whose elements a managed type has.</summary>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> is none of double, float, Half, long, int, short, sbyte, byte.
    /// </exception>
    public static StoredType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? StoredType.Float32
        : typeof(T) == typeof(double) ? StoredType.Float64
        : typeof(T) == typeof(Half) ? StoredType.Float16
        : typeof(T) == typeof(long) ? StoredType.Int64
        : typeof(T) == typeof(int) ? StoredType.Int32
        : typeof(T) == typeof(short) ? StoredType.Int16
        : typeof(T) == typeof(sbyte) ? StoredType.Int8
        : typeof(T) == typeof(byte) ? StoredType.UInt8
        : throw new NotSupportedException($"No element type of a checkpoint is a {typeof(T).Name}.");

    /// <summary>Converts elements, as many as the destination has, to single precision.</summary>
    /// <param name="type">A floating-point type.</param>
    /// <param name="source">Little-endian elements at any alignment.</param>
    /// <param name="destination">What they are written to.</param>
    public static void ToFloats(this StoredType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case StoredType.Float32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case StoredType.Float64:
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<byte, double>(source);
                for (int i = 0; i < doubles.Length; i++)
                    destination[i] = (float)doubles[i];
                break;
            case StoredType.Float16:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(source);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = (float)halves[i];
                break;
            case StoredType.BFloat16:
                ReadOnlySpan<ushort> uppers = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < uppers.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)uppers[i] << 16);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }
}
