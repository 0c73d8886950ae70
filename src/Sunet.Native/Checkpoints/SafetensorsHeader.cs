using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// The header of a safetensors file, checked: every tensor's bytes agree with its shape, and together the tensors cover the data
/// exactly once. Nothing in a header is trusted, and what it can make the reader allocate is capped.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const string MetadataKey = "__metadata__";
    public const int MaximumBytes = 100_000_000; // the format's own cap
    public const int MaximumMetadataBytes = 16 << 20;
    public const int MaximumEntries = 1 << 16;
    public const int MaximumRank = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly long dataBytes;

    private SafetensorsHeader(long dataBytes) => this.dataBytes = dataBytes;

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    public List<string> Names { get; } = [];

    /// <summary>Where the digits of the digest start within the header; -1 where there is none.</summary>
    public int DigestPosition { get; private set; } = -1;

    /// <summary>Parses and checks a header.</summary>
    /// <param name="json">The header without its length.</param>
    /// <param name="dataBytes">The bytes behind it.</param>
    /// <exception cref="FormatException">The header is damaged; the message is a clause.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataBytes)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
            throw new FormatException("the header does not start with '{'");
        if (!Utf8.IsValid(json))
            throw new FormatException("the header is not UTF-8");
        SafetensorsHeader header = new(dataBytes);
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            header.ReadRoot(ref reader);
        }
        catch (JsonException e)
        {
            throw new FormatException($"the header is not valid JSON near byte {e.BytePositionInLine ?? 0} of line {e.LineNumber ?? 0}", e);
        }

        header.CheckCoverage();
        return header;
    }

    /// <summary>Refuses text with half a surrogate pair, which would be written as another character.</summary>
    public static void RequireUnicode(string text) => StrictUtf8.GetByteCount(text);

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        bool metadataSeen = false;
        reader.Read();
        while (NextKey(ref reader) is { } key)
        {
            if (key == MetadataKey)
            {
                if (metadataSeen)
                    throw new FormatException($"'{MetadataKey}' occurs twice");
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else
            {
                if (Names.Count == MaximumEntries)
                    throw new FormatException($"it has more than {MaximumEntries} tensors");
                SafetensorsEntry entry = ReadEntry(ref reader, key);
                if (!Entries.TryAdd(key, entry))
                    throw new FormatException($"tensor '{Shorten(key)}' occurs twice");
                Names.Add(key);
            }
        }

        // Nothing but white space may follow; the reader reports anything else.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, MetadataKey);
        long end = reader.BytesConsumed + MaximumMetadataBytes;
        while (NextKey(ref reader) is { } key)
        {
            Expect(ref reader, JsonTokenType.String, MetadataKey);
            if (reader.BytesConsumed > end || Metadata.Count == MaximumEntries)
                throw new FormatException($"'{MetadataKey}' is larger than {MaximumMetadataBytes >> 20} MiB or {MaximumEntries} entries");
            string value = Text(ref reader);
            if (!Metadata.TryAdd(key, value))
                throw new FormatException($"metadata key '{Shorten(key)}' occurs twice");
            if (key == SafetensorsDigest.Key && SafetensorsDigest.IsWellFormed(value) && !reader.ValueIsEscaped)
                DigestPosition = checked((int)reader.TokenStartIndex) + 1 + SafetensorsDigest.Algorithm.Length;
        }
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartObject, name);
        string? typeName = null;
        List<long>? shape = null, offsets = null;
        while (NextKey(ref reader) is { } key)
        {
            if (key == "dtype" && typeName is null)
            {
                Expect(ref reader, JsonTokenType.String, name);
                typeName = Text(ref reader);
            }
            else if (key == "shape" && shape is null)
            {
                shape = Integers(ref reader, name, MaximumRank);
            }
            else if (key == "data_offsets" && offsets is null)
            {
                offsets = Integers(ref reader, name, 2);
            }
            else
            {
                throw new FormatException($"tensor '{Shorten(name)}' has a repeated or unknown key '{Shorten(key)}'");
            }
        }

        if (typeName is null || shape is null || offsets is not { Count: 2 })
            throw new FormatException($"tensor '{Shorten(name)}' lacks its dtype, shape or data_offsets");
        StoredType type = StoredTypes.Parse(typeName)
            ?? throw new FormatException($"tensor '{Shorten(name)}' has the unsupported element type '{Shorten(typeName)}'");
        return Check(name, type, shape, offsets[0], offsets[1]);
    }

    private static SafetensorsEntry Check(string name, StoredType type, List<long> shape, long begin, long end)
    {
        long bytes = type.Bytes();
        int[] dimensions = new int[shape.Count];
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (shape[i] > int.MaxValue || (shape[i] > 0 && bytes > long.MaxValue / shape[i]))
                throw new FormatException($"tensor '{Shorten(name)}' has an overflowing shape");
            dimensions[i] = (int)shape[i];
            bytes *= shape[i];
        }

        if (end < begin || end - begin != bytes)
            throw new FormatException($"tensor '{Shorten(name)}' takes {bytes} bytes by its shape but spans {begin} to {end}");
        return new SafetensorsEntry(name, type, Array.AsReadOnly(dimensions), begin, bytes);
    }

    private void CheckCoverage()
    {
        long covered = 0;
        foreach (SafetensorsEntry entry in Entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.Bytes))
        {
            if (entry.Offset != covered)
            {
                throw new FormatException(
                    $"tensor '{Shorten(entry.Name)}' starts at {entry.Offset} where {covered} was expected: data overlap or are missing");
            }

            covered += entry.Bytes; // the end that the header gives, so it cannot overflow
            if (covered > dataBytes)
                throw new FormatException($"it is truncated: tensor '{Shorten(entry.Name)}' ends at {covered} of {dataBytes} data bytes");
        }

        if (covered != dataBytes)
            throw new FormatException($"{dataBytes - covered} bytes follow the last tensor");
    }

    private static List<long> Integers(ref Utf8JsonReader reader, string name, int most)
    {
        Expect(ref reader, JsonTokenType.StartArray, name);
        List<long> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw new FormatException($"tensor '{Shorten(name)}' has a dimension or offset that is not a non-negative integer");
            if (values.Count == most)
                throw new FormatException($"tensor '{Shorten(name)}' has more than {most} dimensions or offsets");
            values.Add(value);
        }

        return values;
    }

    private static string? NextKey(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName ? Text(ref reader) : null;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string name)
    {
        reader.Read();
        if (reader.TokenType != type)
            throw new FormatException($"'{Shorten(name)}' holds {reader.TokenType} where {type} was expected");
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("the header holds half of a surrogate pair", e);
        }
    }

    private static string Shorten(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
