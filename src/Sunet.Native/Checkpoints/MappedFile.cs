using System.IO.MemoryMappedFiles;
using Sunet.Native.Interop;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// A file mapped into memory for reading. The spans it hands out are valid until <see cref="Dispose"/>, which the owner calls only when
/// no thread reads any more.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

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

    /// <summary>The file's path as it was given.</summary>
    public string Path { get; }

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
        MappedFile? file = null;
        T? result = null;
        try
        {
            using FileStream stream = RegularFile.OpenRead(path, bufferSize: 0);
            file = new MappedFile(path, stream);
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

    /// <summary>Bytes of the file; the caller has checked that they are there.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int count) => new(start + offset, count);

    /// <summary>Elements of the file, at any alignment; the caller has checked that they are there.</summary>
    public ReadOnlySpan<T> Elements<T>(long offset, int count) where T : unmanaged => new(start + offset, count);

    /// <summary>Lets go of the memory of bytes that have been read; they are read again where they are asked for again.</summary>
    public void Release(long offset, long count) => Posix.DontNeed((nint)start + (nint)offset, count);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (start is null)
            return;
        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }
}
