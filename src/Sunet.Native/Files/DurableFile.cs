using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Files;

/// <summary>
/// Files that are either completely there or not at all, whatever fails and whenever the process or the machine dies: written
/// under a temporary name in the same folder, flushed to the medium, renamed, and the folder flushed as well.
/// </summary>
internal static class DurableFile
{
    /// <summary>The calls of the operating system this process runs on.</summary>
    internal static IFileCalls SystemCalls { get; } = OperatingSystem.IsWindows() ? new WindowsFileCalls() : new PosixFileCalls();

    /// <summary>
    /// Writes a file so that <paramref name="path"/> holds either its previous content or all of the new one. On return the new
    /// content is on the medium.
    /// </summary>
    /// <param name="path">The destination; its folder exists.</param>
    /// <param name="write">Writes the content to a write-only, seekable stream that is valid until it returns.</param>
    /// <exception cref="CheckpointException">
    /// The file could not be written; the message gives the system's reason. The previous file is unchanged and the temporary
    /// is removed.
    /// </exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, SystemCalls);

    /// <summary>Creates a folder and those above it where they are missing; on return their names are on the medium.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="CheckpointException">A folder could not be created.</exception>
    public static void CreateFolder(string path) => CreateFolder(path, SystemCalls);

    /// <summary>
    /// Creates a folder that is not there yet, and those above it where they are missing. Of several processes that create the same folder
    /// at once, one has made it.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <returns>Whether this call has made it; false where anything has that name.</returns>
    /// <exception cref="CheckpointException">A folder could not be created.</exception>
    public static bool TryCreateFolder(string path) => Guarded(path, () =>
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Path.GetDirectoryName(folder) is { } parent && CreateIn(parent, folder, SystemCalls);
    });

    /// <summary>
    /// Writes a folder of files so that <paramref name="path"/> holds either all of its previous files or all of the new ones and
    /// no others. Where the file system cannot swap two names in one step (Windows), a power failure at that moment can leave the
    /// previous folder beside it under the name <c>.sunet-*.tmp.previous</c>.
    /// </summary>
    /// <param name="path">The destination; the folder it is in exists.</param>
    /// <param name="files">The files by plain name; each writes its content to a stream that is valid until it returns.</param>
    /// <exception cref="ArgumentException">A name is not a plain file name.</exception>
    /// <exception cref="CheckpointException">The folder could not be written; the previous one is unchanged.</exception>
    public static void WriteFolder(string path, IReadOnlyDictionary<string, Action<Stream>> files) => WriteFolder(path, files, SystemCalls);

    internal static void Write(string path, Action<Stream> write, IFileCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string destination = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(destination)
            ?? throw new CheckpointException($"Cannot save '{path}': it names no file.", path);
        if (!Directory.Exists(folder))
            throw new CheckpointException($"Cannot save '{path}': its folder does not exist.", path);
        if (Directory.Exists(destination))
            throw new CheckpointException($"Cannot save '{path}': a folder has that name.", path);

        Replace(path, destination, folder, calls, temporary => WriteNew(temporary, write, calls));
    }

    internal static void WriteFolder(string path, IReadOnlyDictionary<string, Action<Stream>> files, IFileCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(files);
        if (files.Keys.FirstOrDefault(name => name is "" or "." or ".." || Path.GetFileName(name) != name) is { } refused)
            throw new ArgumentException($"'{refused}' is no plain file name.", nameof(files));
        string destination = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string folder = Path.GetDirectoryName(destination)
            ?? throw new CheckpointException($"Cannot save '{path}': it is the root.", path);
        if (!Directory.Exists(folder))
            throw new CheckpointException($"Cannot save '{path}': its folder does not exist.", path);
        if (File.Exists(destination))
            throw new CheckpointException($"Cannot save '{path}': a file has that name.", path);

        Replace(path, destination, folder, calls, temporary =>
        {
            if (!calls.CreateFolder(temporary))
                throw new IOException($"'{temporary}' is in the way");
            foreach ((string name, Action<Stream> write) in files)
                WriteNew(Path.Combine(temporary, name), write, calls);
            calls.FlushFolder(temporary);
        });
    }

    internal static void CreateFolder(string path, IFileCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string folder = Path.GetFullPath(path);
        if (Directory.Exists(folder) || Path.GetDirectoryName(folder) is not { } parent)
            return;
        Guarded(path, () =>
        {
            if (!CreateIn(parent, folder, calls) && !Directory.Exists(folder))
                throw new IOException("a file has that name");
            return true;
        });
    }

    private static bool CreateIn(string parent, string folder, IFileCalls calls)
    {
        CreateFolder(parent, calls);
        if (!calls.CreateFolder(folder))
            return false;
        calls.FlushFolder(parent);
        return true;
    }

    private static bool Guarded(string path, Func<bool> create)
    {
        try
        {
            return create();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Cannot create the folder '{path}': {Reason(e)}.", path, e);
        }
    }

    /// <summary>Prepares the new content under a temporary name and gives it the destination's.</summary>
    private static void Replace(string path, string destination, string folder, IFileCalls calls, Action<string> prepare)
    {
        TemporaryFile.RemoveStale(folder);
        string temporary = TemporaryFile.NextIn(folder);
        try
        {
            prepare(temporary);
            Publish(temporary, destination, folder, calls);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Cannot save '{path}': {Reason(e)}.", path, e);
        }
        finally
        {
            // After an exchange this is the previous content; after a failure, the incomplete one; else nothing is left.
            Remove(temporary, calls);
        }
    }

    private static void WriteNew(string path, Action<Stream> write, IFileCalls calls)
    {
        SafeFileHandle file = calls.Create(path);
        try
        {
            using (DurableStream stream = new(calls, file))
            {
                write(stream);
                stream.Flush();
            }

            calls.Flush(file);
            calls.Close(file);
        }
        finally
        {
            file.Dispose();
        }
    }

    private static void Publish(string temporary, string destination, string folder, IFileCalls calls)
    {
        bool isFolder = Directory.Exists(destination);
        bool replaces = isFolder || File.Exists(destination);
        // An exchange keeps the previous file until the folder is flushed, so that a failing flush can be undone.
        bool exchanged = replaces && (calls.TryExchange(temporary, destination)
            || (isFolder && ExchangeByRenaming(temporary, destination, calls)));
        if (!exchanged)
            calls.Rename(temporary, destination);
        try
        {
            calls.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string state = Undo(temporary, destination, exchanged, replaces, calls)
                ? "" : "; the new file is complete and in place, but may not survive a power failure";
            throw new IOException(Reason(e) + state, e);
        }
    }

    /// <summary>Swaps two names where the file system cannot do so in one step; what fails halfway is taken back.</summary>
    private static bool ExchangeByRenaming(string temporary, string destination, IFileCalls calls)
    {
        string aside = temporary + ".previous";
        calls.Rename(destination, aside);
        try
        {
            calls.Rename(temporary, destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TakeBack(aside, destination, e, calls);
            throw;
        }

        try
        {
            calls.Rename(aside, temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            calls.Rename(destination, temporary);
            TakeBack(aside, destination, e, calls);
            throw;
        }

        return true;
    }

    private static void TakeBack(string aside, string destination, Exception cause, IFileCalls calls)
    {
        try
        {
            calls.Rename(aside, destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{Reason(cause)}; the previous content is in '{aside}'", e);
        }
    }

    private static bool Undo(string temporary, string destination, bool exchanged, bool replaces, IFileCalls calls)
    {
        try
        {
            if (exchanged)
                return calls.TryExchange(temporary, destination) || ExchangeByRenaming(temporary, destination, calls);
            if (replaces)
                return false;
            calls.Delete(destination);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Remove(string temporary, IFileCalls calls)
    {
        try
        {
            if (Path.Exists(temporary))
                calls.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next write by another process into this folder removes it.
        }
    }

    private static string Reason(Exception e) => e.Message.TrimEnd('.');
}
