using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// Reads a JSON file (RFC 8259) token by token through a buffer of a mebibyte, so that a file of any size needs no more memory than its
/// longest token.
/// </summary>
internal ref struct JsonFileReader
{
    private const int SmallestBuffer = 1 << 12;
    private const int FirstBuffer = 1 << 20;
    private const int LongestToken = 1 << 26;

    private readonly string path;
    private readonly SafeFileHandle file;
    private byte[] buffer;
    private int filled;
    private long origin;
    private Utf8JsonReader reader;

    /// <summary>Starts at the file's beginning; a byte order mark is passed over.</summary>
    /// <param name="file">The open file, owned by the caller.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="DataException">The file cannot be read.</exception>
    public JsonFileReader(SafeFileHandle file, string path)
    {
        this.path = path;
        this.file = file;
        buffer = new byte[Math.Clamp(RandomAccess.GetLength(file), SmallestBuffer, FirstBuffer)];
        filled = ReadMore();
        if (buffer.AsSpan(0, filled).StartsWith("\uFEFF"u8))
        {
            origin = 3;
            filled -= 3;
            Array.Copy(buffer, 3, buffer, 0, filled);
        }

        reader = new Utf8JsonReader(buffer.AsSpan(0, filled), isFinalBlock: false, default);
    }

    /// <summary>The kind of the current token.</summary>
    public readonly JsonTokenType TokenType => reader.TokenType;

    /// <summary>The file's offset of the current token's first byte.</summary>
    public readonly long TokenStart => origin + reader.TokenStartIndex;

    /// <summary>The file's offset behind the current token.</summary>
    public readonly long TokenEnd => origin + reader.BytesConsumed;

    /// <summary>Goes to the next token.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="DataException">The file cannot be read, is no JSON, or ends early.</exception>
    public bool Read()
    {
        try
        {
            while (!reader.Read())
            {
                if (reader.IsFinalBlock)
                    return false;
                Refill();
            }

            return true;
        }
        catch (JsonException failure)
        {
            throw new DataException($"'{path}' is truncated or no valid JSON: it breaks off behind byte {TokenEnd}.", path, failure);
        }
    }

    /// <summary>Goes to the last token of the value whose first token is the current one.</summary>
    /// <exception cref="DataException">The file cannot be read, is no JSON, or ends early.</exception>
    public void SkipValue()
    {
        int depth = reader.CurrentDepth;
        if (TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            return;
        do
            Read();
        while (reader.CurrentDepth > depth);
    }

    /// <summary>Whether the current token is a key of this name.</summary>
    public readonly bool IsKey(ReadOnlySpan<byte> name) =>
        TokenType == JsonTokenType.PropertyName && !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual(name);

    /// <summary>Refuses any other token.</summary>
    /// <param name="expected">The kind of token.</param>
    /// <param name="what">What should stand here, for the message.</param>
    /// <exception cref="DataException">The current token is another.</exception>
    public readonly void Require(JsonTokenType expected, string what)
    {
        if (TokenType != expected)
            throw Unexpected(what);
    }

    /// <summary>The current token as a whole number.</summary>
    /// <exception cref="DataException">It is none, or none of 64 bits.</exception>
    public readonly long Int64(string what) =>
        TokenType == JsonTokenType.Number && reader.TryGetInt64(out long value) ? value : throw Unexpected($"{what}, a whole number,");

    /// <summary>The current token as a finite number.</summary>
    /// <exception cref="DataException">It is none.</exception>
    public readonly double Double(string what) =>
        TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Unexpected($"{what}, a number,");

    /// <summary>The current token as a number in single precision; 0 where it is none that has one.</summary>
    public readonly float SingleOrZero() => reader.TryGetSingle(out float value) ? value : 0;

    /// <summary>The current token as a text of up to a kibibyte.</summary>
    /// <exception cref="DataException">It is none, longer, or no Unicode.</exception>
    public readonly string Text(string what)
    {
        const int Longest = 1024;
        try
        {
            if (TokenType == JsonTokenType.String && reader.ValueSpan.Length <= Longest)
                return reader.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw new DataException($"'{path}' is damaged: the text at byte {TokenStart} is no Unicode.", path, failure);
        }

        throw Unexpected($"{what}, a text,");
    }

    private readonly DataException Unexpected(string what) =>
        new($"'{path}' is no COCO annotation file: {what} should stand at byte {TokenStart}.", path);

    private void Refill()
    {
        int consumed = (int)reader.BytesConsumed;
        origin += consumed;
        filled -= consumed;
        Array.Copy(buffer, consumed, buffer, 0, filled);
        if (filled == buffer.Length)
        {
            if (filled >= LongestToken)
                throw new DataException($"'{path}' is no COCO annotation file: it has a text of over 64 MiB at byte {origin}.", path);
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        int count = ReadMore();
        filled += count;
        reader = new Utf8JsonReader(buffer.AsSpan(0, filled), isFinalBlock: count == 0, reader.CurrentState);
    }

    private readonly int ReadMore()
    {
        try
        {
            return RandomAccess.Read(file, buffer.AsSpan(filled), origin + filled);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be read: {failure.Message}", path, failure);
        }
    }
}
