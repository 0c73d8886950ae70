using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory and read in place. The spans it hands out point into the map: they are valid until
/// <see cref="Dispose"/>, which the caller calls only when no thread reads any more. While it is open the file may be replaced by
/// another (as <see cref="DurableFile"/> does) but must not be truncated in place.
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafetensorsHeader header;
    private readonly long length;
    private readonly long dataStart;
    private byte* start;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, long length)
    {
        Path = path;
        this.map = map;
        this.view = view;
        this.length = length;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            header = ReadHeader();
            dataStart = LengthBytes + (long)BinaryPrimitives.ReadUInt64LittleEndian(Slice(0, LengthBytes));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file's path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's <c>__metadata__</c>; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>The tensors' names in the order of the header.</summary>
    public IReadOnlyList<string> Names => header.Names;

    /// <summary>Opens a file and checks its header and length; data are read when they are asked for.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, unreadable, truncated, or no valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        bool opened = false;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            long length = stream.Length;
            if (length < LengthBytes + 2)
                throw new FormatException($"it is truncated: {length} bytes are no safetensors file");
            map = MemoryMappedFile.CreateFromFile(
                stream, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            SafetensorsFile file = new(path, map, view, length);
            opened = true;
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException($"Checkpoint '{path}' does not exist.", path, e);
        }
        catch (FormatException e)
        {
            throw new CheckpointException($"Checkpoint '{path}' is damaged: {e.Message}.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be read: {e.Message.TrimEnd('.')}.", path, e);
        }
        finally
        {
            if (!opened)
            {
                view?.Dispose();
                map?.Dispose();
            }
        }
    }

    /// <summary>Finds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="entry">Its description.</param>
    /// <returns>Whether the file has it.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsEntry? entry) =>
        header.Entries.TryGetValue(name, out entry);

    /// <summary>The elements of an F32 tensor, in place.</summary>
    /// <exception cref="CheckpointException">The file has no such tensor, or it is of another type.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<float> Floats(string name) => Read<float>(name);

    /// <summary>The elements of a tensor, row-major, in place.</summary>
    /// <typeparam name="T">float for F32, double F64, Half F16, long I64, int I32, byte U8.</typeparam>
    /// <exception cref="CheckpointException">The file has no such tensor, or it is of another type.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<T> Read<T>(string name) where T : unmanaged
    {
        SafetensorsEntry entry = Get(name);
        SafetensorsType wanted = TypeOf<T>();
        if (entry.Type != wanted)
        {
            throw new CheckpointException(
                $"Tensor '{name}' of checkpoint '{Path}' holds {entry.Type.FormatName()} where {wanted.FormatName()} is needed.", Path);
        }

        return Elements<T>(entry);
    }

    /// <summary>Copies a tensor of F32, F64, F16 or BF16 as single precision.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">As many elements as the tensor has, row-major.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    /// <exception cref="CheckpointException">The file has no such tensor, or it holds integers.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void CopyFloats(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Get(name);
        if (entry.Count != destination.Length)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {entry.Count} elements; the destination has {destination.Length}.", nameof(destination));
        }

        switch (entry.Type)
        {
            case SafetensorsType.Float32:
                Elements<float>(entry).CopyTo(destination);
                break;
            case SafetensorsType.Float64:
                ReadOnlySpan<double> doubles = Elements<double>(entry);
                for (int i = 0; i < doubles.Length; i++)
                    destination[i] = (float)doubles[i];
                break;
            case SafetensorsType.Float16:
                ReadOnlySpan<Half> halves = Elements<Half>(entry);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = (float)halves[i];
                break;
            case SafetensorsType.BFloat16:
                ReadOnlySpan<ushort> uppers = Elements<ushort>(entry);
                for (int i = 0; i < uppers.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)uppers[i] << 16);
                break;
            default:
                throw new CheckpointException(
                    $"Tensor '{name}' of checkpoint '{Path}' holds {entry.Type.FormatName()} where floats are needed.", Path);
        }
    }

    /// <summary>Checks the digest over header and data that this library writes into the metadata.</summary>
    /// <returns>True where the file is as it was written; false where it carries no digest, as other programs' files.</returns>
    /// <exception cref="CheckpointException">The content does not match the digest.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public bool Verify()
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        if (!Metadata.TryGetValue(SafetensorsDigest.Key, out string? expected))
            return false;
        if (header.DigestPosition < 0)
            throw new CheckpointException($"Checkpoint '{Path}' is damaged: its digest is malformed.", Path);

        XxHash128 hash = new();
        SafetensorsDigest.AppendHeader(hash, Slice(0, (int)dataStart), LengthBytes + header.DigestPosition);
        const int Chunk = 1 << 30;
        for (long offset = dataStart; offset < length; offset += Chunk)
            hash.Append(Slice(offset, (int)Math.Min(Chunk, length - offset)));
        if (SafetensorsDigest.Text(hash) != expected)
            throw new CheckpointException($"Checkpoint '{Path}' is damaged: its content does not match its digest.", Path);
        return true;
    }

    /// <summary>Unmaps the file; every span that was handed out becomes invalid.</summary>
    public void Dispose()
    {
        if (start is null)
            return;
        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }

    private SafetensorsHeader ReadHeader()
    {
        ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(Slice(0, LengthBytes));
        if (bytes > SafetensorsHeader.MaximumBytes)
            throw new FormatException($"its header would take {bytes} bytes, more than the {SafetensorsHeader.MaximumBytes} allowed");
        if ((long)bytes > length - LengthBytes)
            throw new FormatException($"it is truncated: its header takes {bytes} bytes and only {length - LengthBytes} are there");
        return SafetensorsHeader.Parse(Slice(LengthBytes, (int)bytes), length - LengthBytes - (long)bytes);
    }

    private SafetensorsEntry Get(string name)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        return header.Entries.TryGetValue(name, out SafetensorsEntry? entry)
            ? entry
            : throw new CheckpointException($"Checkpoint '{Path}' has no tensor '{name}'.", Path);
    }

    private ReadOnlySpan<T> Elements<T>(SafetensorsEntry entry) where T : unmanaged
    {
        if (entry.Count > int.MaxValue)
        {
            throw new CheckpointException(
                $"Tensor '{entry.Name}' of checkpoint '{Path}' has {entry.Count} elements, too many to read at once.", Path);
        }

        return new ReadOnlySpan<T>(start + dataStart + entry.Offset, (int)entry.Count);
    }

    private ReadOnlySpan<byte> Slice(long offset, int count) => new(start + offset, count);

    private static SafetensorsType TypeOf<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? SafetensorsType.Float32
        : typeof(T) == typeof(double) ? SafetensorsType.Float64
        : typeof(T) == typeof(Half) ? SafetensorsType.Float16
        : typeof(T) == typeof(long) ? SafetensorsType.Int64
        : typeof(T) == typeof(int) ? SafetensorsType.Int32
        : typeof(T) == typeof(byte) ? SafetensorsType.UInt8
        : throw new NotSupportedException($"No element type of a checkpoint is a {typeof(T).Name}.");
}
