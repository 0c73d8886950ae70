using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Files;

/// <summary>
/// The operating system's calls behind a durable file, one method a call, so that a test can record their order and make any
/// of them fail. Every method reports failure as <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
internal interface IFileCalls
{
    /// <summary>Creates a file that must not exist, for writing by this process alone.</summary>
    SafeFileHandle Create(string path);

    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="offset"/>.</summary>
    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns once the file's bytes are on the medium.</summary>
    void Flush(SafeFileHandle file);

    /// <summary>Creates a folder within one that exists.</summary>
    /// <returns>False where something has that name; nothing changed then.</returns>
    bool CreateFolder(string path);

    /// <summary>Closes the file; its handle is invalid afterwards even when this fails.</summary>
    void Close(SafeFileHandle file);

    /// <summary>Gives a file or folder another name, replacing a file that has it.</summary>
    void Rename(string from, string to);

    /// <summary>Swaps two names in one atomic step.</summary>
    /// <returns>False where the file system has no such operation; nothing changed then.</returns>
    bool TryExchange(string first, string second);

    /// <summary>Returns once the folder's names are on the medium.</summary>
    void FlushFolder(string folder);

    /// <summary>Removes a file, or a folder with all it holds.</summary>
    void Delete(string path);
}
