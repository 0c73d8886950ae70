using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Arrays in the format of NumPy's <c>save</c>, version 1.0.</summary>
internal static class NpyFile
{
    private const int Alignment = 64;

    /// <summary>Writes little-endian float32 elements, row-major.</summary>
    /// <exception cref="Sunet.Native.CheckpointException">The file could not be written.</exception>
    public static void Write(string path, IReadOnlyList<int> shape, ReadOnlyMemory<float> elements)
    {
        ReadOnlySpan<byte> magic = [0x93, .. "NUMPY"u8, 1, 0];
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)},), }}";
        int prefix = magic.Length + sizeof(ushort);
        int length = (prefix + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[length];
        header.AsSpan(prefix).Fill((byte)' ');
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(magic.Length), (ushort)(length - prefix));
        Encoding.ASCII.GetBytes(text, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        DurableFile.Write(path, stream =>
        {
            stream.Write(header);
            stream.Write(MemoryMarshal.AsBytes(elements.Span));
        });
    }
}
