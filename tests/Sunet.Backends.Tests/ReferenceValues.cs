using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Backends.Tests;

/// <summary>Every value lies row-major in the type it has outside, so that layouts are trivial and transfers are copies of bytes.</summary>
internal sealed unsafe class ReferenceValues : IValueLayouts, IValueTransfers
{
    public static int ElementBytes(Value value) => value.Type switch
    {
        DataType.UInt8 => sizeof(byte),
        DataType.Int64 => sizeof(long),
        _ => sizeof(float),
    };

    public long BytesOf(Value value) => value.Shape.Count * ElementBytes(value);

    public (Value Host, long Offset)? ViewOf(Value value) => null;

    public string FormatOf(Value value) => "abcd"[..value.Shape.Rank];

    public string? SharedFormatOf(Value value) => FormatOf(value);

    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements) => elements.CopyTo(BytesAt(value, address));

    public void Download(Value value, nint address, Span<byte> elements) => BytesAt(value, address).CopyTo(elements);

    public void UploadFrom(Value value, nint address, nint elements) => BytesAt(value, elements).CopyTo(BytesAt(value, address));

    public void DownloadTo(Value value, nint address, nint elements) => BytesAt(value, address).CopyTo(BytesAt(value, elements));

    public void Clear(long bytes, nint address) => new Span<byte>((void*)address, checked((int)bytes)).Clear();

    public bool AllFinite(Value value, nint address) => Array.TrueForAll(Read(value, address), double.IsFinite);

    /// <summary>The elements of a value, widened.</summary>
    public static double[] Read(Value value, nint address)
    {
        var elements = new double[value.Shape.Count];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = value.Type switch
            {
                DataType.Float32 => ((float*)address)[i],
                DataType.Int32 => ((int*)address)[i],
                DataType.UInt8 => ((byte*)address)[i],
                _ => ((long*)address)[i],
            };
        }

        return elements;
    }

    /// <summary>Rounds elements to the value's type and writes them.</summary>
    public static void Write(Value value, nint address, double[] elements)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            switch (value.Type)
            {
                case DataType.Float32:
                    ((float*)address)[i] = (float)elements[i];
                    break;
                case DataType.Int32:
                    ((int*)address)[i] = (int)elements[i];
                    break;
                case DataType.UInt8:
                    ((byte*)address)[i] = (byte)elements[i];
                    break;
                default:
                    ((long*)address)[i] = (long)elements[i];
                    break;
            }
        }
    }

    private Span<byte> BytesAt(Value value, nint address) => new((void*)address, checked((int)BytesOf(value)));
}
