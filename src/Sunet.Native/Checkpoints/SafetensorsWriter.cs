using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sunet.Native.Files;
using Sunet.Native.Tensors;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// Writes safetensors files tensor by tensor, so that no second copy of all weights exists. The same metadata and tensors give
/// the same bytes: metadata are sorted by key, and tensors keep their order except that wider element types come first, which
/// keeps every tensor aligned.
/// </summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file with a digest, durably: see <see cref="DurableFile.Write(string, Action{Stream})"/>.</summary>
    /// <param name="path">The destination; its folder exists.</param>
    /// <param name="metadata">Free strings. A digest among them, as in metadata read from another file, is replaced.</param>
    /// <param name="tensors">The tensors; their names differ.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a reader would not accept the header.</exception>
    /// <exception cref="CheckpointException">The file could not be written; the previous one is unchanged.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors) =>
        DurableFile.Write(path, stream => Write(stream, metadata, tensors));

    /// <summary>Writes a file's content to a stream.</summary>
    /// <param name="stream">A writable stream; with a digest it is also seekable. It stays open.</param>
    /// <param name="metadata">Free strings. A digest among them is replaced or left out.</param>
    /// <param name="tensors">The tensors; their names differ.</param>
    /// <param name="digest">Whether to put a digest over header and data into the metadata.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a reader would not accept the header.</exception>
    public static void Write(
        Stream stream, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors, bool digest = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        SafetensorsTensor[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Type.Bytes())];
        byte[] header = Header(metadata, ordered, digest);
        if (!digest)
        {
            stream.Write(header);
            WriteData(stream, ordered, null);
            return;
        }

        // Metadata precede the data they are a digest of, so the digest is filled in at the end.
        int position = header.AsSpan().IndexOf(Encoding.UTF8.GetBytes(SafetensorsDigest.Placeholder));
        long start = stream.Position;
        XxHash128 hash = new();
        SafetensorsDigest.AppendHeader(hash, header, position + SafetensorsDigest.Algorithm.Length);
        stream.Write(header);
        WriteData(stream, ordered, hash);
        long end = stream.Position;
        stream.Position = start + position;
        stream.Write(Encoding.UTF8.GetBytes(SafetensorsDigest.Text(hash)));
        stream.Position = end;
    }

    private static void WriteData(Stream stream, SafetensorsTensor[] tensors, XxHash128? hash)
    {
        long largest = tensors.Where(tensor => tensor.Fill is not null).Select(tensor => (long)tensor.Bytes).DefaultIfEmpty().Max();
        using var buffer = new HostFloats((int)((largest + sizeof(float) - 1) / sizeof(float)));
        foreach (SafetensorsTensor tensor in tensors)
        {
            ReadOnlySpan<byte> data;
            if (tensor.Fill is { } fill)
            {
                Span<byte> filled = MemoryMarshal.AsBytes(buffer.Span)[..tensor.Bytes];
                fill(filled);
                data = filled;
            }
            else
            {
                data = MemoryMarshal.AsBytes(tensor.Values!.Value.Span);
            }

            stream.Write(data);
            hash?.Append(data);
        }
    }

    private static byte[] Header(IReadOnlyDictionary<string, string> metadata, SafetensorsTensor[] tensors, bool digest)
    {
        if (tensors.Length > SafetensorsHeader.MaximumEntries)
            throw new ArgumentException($"A checkpoint has at most {SafetensorsHeader.MaximumEntries} tensors.", nameof(tensors));
        ArrayBufferWriter<byte> output = new(4096);
        output.Advance(sizeof(ulong));
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata, digest);
            long offset = 0;
            HashSet<string> names = new(StringComparer.Ordinal);
            foreach (SafetensorsTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"Two tensors are called '{tensor.Name}'.", nameof(tensors));
                WriteEntry(json, tensor, offset);
                offset += tensor.Bytes;
            }

            json.WriteEndObject();
        }

        // The format pads with spaces so that the data start at a multiple of eight.
        int padding = -output.WrittenCount & 7;
        output.GetSpan(padding)[..padding].Fill((byte)' ');
        output.Advance(padding);
        byte[] header = output.WrittenSpan.ToArray();
        if (header.Length - sizeof(ulong) > SafetensorsHeader.MaximumBytes)
            throw new ArgumentException("The names and metadata of a checkpoint take at most 100 MB.", nameof(metadata));
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - sizeof(ulong)));
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata, bool digest)
    {
        string[] keys = [.. metadata.Keys.Where(key => key != SafetensorsDigest.Key).Order(StringComparer.Ordinal)];
        if (keys.Length == 0 && !digest)
            return;
        if (keys.Length >= SafetensorsHeader.MaximumEntries)
            throw new ArgumentException($"A checkpoint has under {SafetensorsHeader.MaximumEntries} metadata entries.", nameof(metadata));
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        long before = json.BytesCommitted + json.BytesPending;
        // First, so that no other text of the header can be taken for it.
        if (digest)
            json.WriteString(SafetensorsDigest.Key, SafetensorsDigest.Placeholder);
        foreach (string key in keys)
        {
            SafetensorsHeader.RequireUnicode(key);
            SafetensorsHeader.RequireUnicode(metadata[key]);
            json.WriteString(key, metadata[key]);
        }

        if (json.BytesCommitted + json.BytesPending - before > SafetensorsHeader.MaximumMetadataBytes)
            throw new ArgumentException($"Metadata take at most {SafetensorsHeader.MaximumMetadataBytes >> 20} MiB.", nameof(metadata));
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsTensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.FormatName());
        json.WriteStartArray("shape");
        foreach (int dimension in tensor.Dimensions)
            json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.Bytes);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
