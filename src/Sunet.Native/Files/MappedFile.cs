using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Files;

/// <summary>
/// A file mapped into memory for reading, or the rest of a stream read into memory. The spans it hands out are valid until
/// <see cref="Dispose"/>, which the owner calls only when no thread reads any more.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private byte[]? pinned;
    private byte* start;

    private const string StreamName = "(stream)";
    private const int FirstBytes = 1 << 16;

    private MappedFile(string path, FileStream stream)
    {
        Path = path;
        Length = stream.Length;
        if (Length == 0)
            throw new FormatException("it is truncated: 0 bytes are no checkpoint");
        map = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            view = map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        }
        catch
        {
            view?.Dispose();
            map.Dispose();
            throw;
        }
    }

    private MappedFile(Stream stream)
    {
        Path = StreamName;
        pinned = ReadToEnd(stream, out int length);
        Length = length;
        if (Length == 0)
            throw new FormatException("it is truncated: 0 bytes are no checkpoint");
        start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
    }

    /// <summary>The file's path as it was given; of a stream, a word in its place.</summary>
    public string Path { get; }

    /// <summary>Whether there is a file, in whose folder others may be.</summary>
    public bool HasFolder => map is not null;

    /// <summary>The file's bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the map is gone.</summary>
    public bool IsDisposed => start is null;

    /// <summary>Maps a file and makes a checkpoint of it, which owns the map from then on.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parse">
    /// Reads what the file declares; throws <see cref="FormatException"/> for damage and <see cref="NotSupportedException"/> for what is
    /// not read, with a clause as message.
    /// </param>
    /// <exception cref="CheckpointException">The file is missing, unreadable, damaged, or not of a supported kind.</exception>
    public static T Open<T>(string path, Func<MappedFile, T> parse) where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(path, parse, () =>
        {
            using FileStream stream = RegularFile.OpenRead(path, bufferSize: 0);
            return new MappedFile(path, stream);
        });
    }

    /// <summary>Reads the rest of a stream and makes a checkpoint of it, which owns the memory from then on.</summary>
    /// <param name="stream">A stream of less than 2 GiB; it stays open.</param>
    /// <param name="parse">As for a file.</param>
    /// <exception cref="CheckpointException">The stream cannot be read, is damaged, or not of a supported kind.</exception>
    public static T Open<T>(Stream stream, Func<MappedFile, T> parse) where T : class
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Open(StreamName, parse, () => new MappedFile(stream));
    }

    /// <summary>Bytes of the file; the caller has checked that they are there.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int count) => new(start + offset, count);

    /// <summary>Bytes of the file as a stream; the caller has checked that they are there.</summary>
    public UnmanagedMemoryStream Open(long offset, long count) => new(start + offset, count);

    /// <summary>Elements of the file, at any alignment; the caller has checked that they are there.</summary>
    public ReadOnlySpan<T> Elements<T>(long offset, int count) where T : unmanaged => new(start + offset, count);

    /// <summary>Releases the memory of bytes that have been read. They are read from the file again when they are next asked for.</summary>
    public void Release(long offset, long count)
    {
        if (map is not null)
            Posix.DontNeed((nint)start + (nint)offset, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (start is null)
            return;
        start = null;
        pinned = null;
        view?.SafeMemoryMappedViewHandle.ReleasePointer();
        view?.Dispose();
        map?.Dispose();
    }

    private static T Open<T>(string path, Func<MappedFile, T> parse, Func<MappedFile> open) where T : class
    {
        MappedFile? file = null;
        T? result = null;
        try
        {
            file = open();
            return result = parse(file);
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
            if (result is null)
                file?.Dispose();
        }
    }

    /// <summary>The rest of a stream, at the start of an array that may be longer.</summary>
    private static byte[] ReadToEnd(Stream stream, out int length)
    {
        long expected = stream.CanSeek ? stream.Length - stream.Position + 1 : FirstBytes; // one more, to meet the end
        byte[] content = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(expected, FirstBytes, Array.MaxLength), pinned: true);
        length = 0;
        while (stream.Read(content, length, content.Length - length) is > 0 and var read)
        {
            length += read;
            if (length < content.Length)
                continue;
            if (length == Array.MaxLength)
                throw new NotSupportedException("it has 2 GiB or more; save it to a file and load that");
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, 2L * length), pinned: true);
            content.CopyTo(larger.AsSpan());
            content = larger;
        }

        return content;
    }
}
