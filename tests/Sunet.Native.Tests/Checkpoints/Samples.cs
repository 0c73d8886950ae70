using System.Buffers.Binary;
using System.Text;
using Sunet.Native.Checkpoints;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Checkpoints;

/// <summary>Small files and tensors that several tests use.</summary>
internal static class Samples
{
    public static IReadOnlyDictionary<string, string> NoMetadata { get; } = new Dictionary<string, string>();

    public static Dictionary<string, string> Metadata => new() { ["format"] = "pt", ["note"] = "a \"quoted\" Grüße\n" };

    public static float[] Weights => [1.5f, -2.25f, 0f, float.Epsilon, float.MaxValue, 3e-5f];

    public static SafetensorsTensor[] Tensors =>
    [
        new("labels", DataType.UInt8, [3], destination => new byte[] { 7, 0, 255 }.CopyTo(destination)),
        SafetensorsTensor.Floats("conv.weight", [1, 2, 3, 1], Weights),
        new("steps", DataType.Int64, [], destination => BinaryPrimitives.WriteInt64LittleEndian(destination, long.MinValue + 5)),
        new("counts", DataType.Int32, [2], destination =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination, -3);
            BinaryPrimitives.WriteInt32LittleEndian(destination[4..], 9);
        }),
        SafetensorsTensor.Floats("empty", [0, 4], ReadOnlyMemory<float>.Empty),
    ];

    public static byte[] Bytes(bool digest = true)
    {
        using MemoryStream stream = new();
        SafetensorsWriter.Write(stream, Metadata, Tensors, digest);
        return stream.ToArray();
    }

    /// <summary>A file with this header, as it stands, and so many bytes of data.</summary>
    public static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] File(byte[] header, int dataBytes)
    {
        byte[] file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file.AsSpan(8));
        return file;
    }
}
