using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using Sunet.Native.Files;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory and read in place. The spans it hands out point into the map: they are valid until
/// <see cref="Dispose"/>, which the caller calls only when no thread reads any more. While it is open the file may be replaced by
/// another (as <see cref="DurableFile"/> does) but must not be truncated in place.
/// </summary>
internal sealed class SafetensorsFile : IStateDict
{
    private const int LengthBytes = 8;

    private readonly MappedFile file;
    private readonly SafetensorsHeader header;
    private readonly long dataStart;

    /// <summary>Takes ownership of a valid file. If the file is invalid, it stays with the caller.</summary>
    /// <exception cref="FormatException">The file is damaged; the message is a clause.</exception>
    internal SafetensorsFile(MappedFile file)
    {
        this.file = file;
        if (file.Length < LengthBytes + 2)
            throw new FormatException($"it is truncated: {file.Length} bytes are no safetensors file");
        header = ReadHeader(file, out int headerBytes);
        dataStart = LengthBytes + headerBytes;
    }

    /// <summary>The file's path as it was given.</summary>
    public string Path => file.Path;

    /// <summary>Whether there is a file, beside which its configuration may be; otherwise it was read from a stream.</summary>
    internal bool HasFolder => file.HasFolder;

    /// <summary>The file's <c>__metadata__</c>; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>The tensors' names in the order of the header.</summary>
    public IReadOnlyList<string> Names => header.Names;

    /// <summary>Opens a file and checks its header and length; data are read when they are asked for.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, unreadable, truncated, or no valid safetensors file.</exception>
    public static SafetensorsFile Open(string path) => MappedFile.Open(path, file => new SafetensorsFile(file));

    /// <summary>Finds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="entry">Its description.</param>
    /// <returns>Whether the file has it.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsEntry? entry) =>
        header.Entries.TryGetValue(name, out entry);

    /// <inheritdoc/>
    public IReadOnlyList<int>? DimensionsOf(string name) => TryGet(name, out SafetensorsEntry? entry) ? entry.Dimensions : null;

    /// <summary>The elements of an F32 tensor, in place.</summary>
    /// <exception cref="CheckpointException">The file has no such tensor, or it is of another type.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<float> Floats(string name) => Read<float>(name);

    /// <summary>The elements of a tensor, row-major, in place.</summary>
    /// <typeparam name="T">float for F32, double F64, Half F16, long I64, int I32, short I16, sbyte I8, byte U8.</typeparam>
    /// <exception cref="CheckpointException">The file has no such tensor, or it is of another type.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<T> Read<T>(string name) where T : unmanaged
    {
        SafetensorsEntry entry = Get(name);
        StoredType wanted = StoredTypes.Of<T>();
        if (entry.Type != wanted)
        {
            throw new CheckpointException(
                $"Tensor '{name}' of checkpoint '{Path}' holds {entry.Type.FormatName()} where {wanted.FormatName()} is needed.", Path);
        }

        return Elements<T>(entry);
    }

    /// <summary>
    /// Releases the memory of a tensor that has been read in place. It is read from the file again when it is next asked for.
    /// </summary>
    /// <exception cref="CheckpointException">The file has no such tensor.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void Release(string name)
    {
        SafetensorsEntry entry = Get(name);
        file.Release(dataStart + entry.Offset, entry.Bytes);
    }

    /// <inheritdoc/>
    public void CopyFloats(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Get(name);
        if (entry.Count != destination.Length)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {entry.Count} elements; the destination has {destination.Length}.", nameof(destination));
        }

        if (!entry.Type.IsFloat())
        {
            throw new CheckpointException(
                $"Tensor '{name}' of checkpoint '{Path}' holds {entry.Type.FormatName()} where floats are needed.", Path);
        }

        if (entry.Bytes > int.MaxValue)
            throw TooLarge(entry);
        entry.Type.ToFloats(file.Slice(dataStart + entry.Offset, (int)entry.Bytes), destination);
        file.Release(dataStart + entry.Offset, entry.Bytes);
    }

    /// <summary>Checks the digest over header and data that this library writes into the metadata.</summary>
    /// <returns>True where the file is as it was written; false where it carries no digest, as other programs' files.</returns>
    /// <exception cref="CheckpointException">The content does not match the digest.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public bool Verify()
    {
        ObjectDisposedException.ThrowIf(file.IsDisposed, this);
        if (!Metadata.TryGetValue(SafetensorsDigest.Key, out string? expected))
            return false;
        if (header.DigestPosition < 0)
            throw new CheckpointException($"Checkpoint '{Path}' is damaged: its digest is malformed.", Path);

        XxHash128 hash = new();
        SafetensorsDigest.AppendHeader(hash, file.Slice(0, (int)dataStart), LengthBytes + header.DigestPosition);
        const int Chunk = 1 << 30;
        for (long offset = dataStart; offset < file.Length; offset += Chunk)
            hash.Append(file.Slice(offset, (int)Math.Min(Chunk, file.Length - offset)));
        if (SafetensorsDigest.Text(hash) != expected)
            throw new CheckpointException($"Checkpoint '{Path}' is damaged: its content does not match its digest.", Path);
        return true;
    }

    /// <summary>Unmaps the file; every span that was handed out becomes invalid.</summary>
    public void Dispose() => file.Dispose();

    private static SafetensorsHeader ReadHeader(MappedFile file, out int headerBytes)
    {
        ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, LengthBytes));
        long behind = file.Length - LengthBytes;
        if (bytes > SafetensorsHeader.MaximumBytes)
            throw new FormatException($"its header would take {bytes} bytes, more than the {SafetensorsHeader.MaximumBytes} allowed");
        headerBytes = (int)bytes;
        if (headerBytes > behind)
            throw new FormatException($"it is truncated: its header takes {bytes} bytes and only {behind} are there");
        return SafetensorsHeader.Parse(file.Slice(LengthBytes, headerBytes), behind - headerBytes);
    }

    private SafetensorsEntry Get(string name)
    {
        ObjectDisposedException.ThrowIf(file.IsDisposed, this);
        return header.Entries.TryGetValue(name, out SafetensorsEntry? entry)
            ? entry
            : throw new CheckpointException($"Checkpoint '{Path}' has no tensor '{name}'.", Path);
    }

    private ReadOnlySpan<T> Elements<T>(SafetensorsEntry entry) where T : unmanaged => entry.Count <= int.MaxValue
        ? file.Elements<T>(dataStart + entry.Offset, (int)entry.Count)
        : throw TooLarge(entry);

    private CheckpointException TooLarge(SafetensorsEntry entry) => new(
        $"Tensor '{entry.Name}' of checkpoint '{Path}' has {entry.Count} elements, too many to read at once.", Path);
}
