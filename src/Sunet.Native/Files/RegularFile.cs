using Microsoft.Win32.SafeHandles;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Files;

/// <summary>
/// Opens files that a user names, for reading. A pipe would make the caller wait for a writer that may never come, and a device such as
/// <c>/dev/zero</c> has no end, so that neither is opened.
/// </summary>
internal static class RegularFile
{
    /// <summary>Opens a file.</summary>
    /// <param name="path">The file; a symbolic link is followed.</param>
    /// <param name="options">How it is going to be read.</param>
    /// <returns>The handle, which the caller disposes.</returns>
    /// <exception cref="IOException">It is missing, a folder, or no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle OpenHandle(string path, FileOptions options = FileOptions.None)
    {
        Require(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, options);
    }

    /// <summary>Opens a file as a stream.</summary>
    /// <param name="path">As for <see cref="OpenHandle"/>.</param>
    /// <param name="bufferSize">Bytes of the stream's own buffer; 0 for none.</param>
    /// <returns>The stream, which the caller disposes.</returns>
    /// <exception cref="IOException">As for <see cref="OpenHandle"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        Require(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize);
    }

    /// <summary>Refuses pipes, sockets, devices and folders; what is not there passes, for opening it tells why.</summary>
    /// <param name="path">The path that is going to be opened.</param>
    /// <exception cref="IOException">It is no regular file; the message is a clause on what it is.</exception>
    public static void Require(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new IOException("its name has a null character");
        int? kind = Posix.KindOf(path) ?? (Directory.Exists(path) ? Posix.FolderKind : null);
        if (kind is not (null or Posix.RegularKind))
            throw new IOException($"it is no file but {Describe(kind.Value)}");
    }

    private static string Describe(int kind) => kind switch
    {
        Posix.FolderKind => "a folder",
        Posix.PipeKind => "a pipe",
        Posix.SocketKind => "a socket",
        _ => "a device",
    };
}
