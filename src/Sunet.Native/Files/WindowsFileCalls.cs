using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Files;

/// <summary>File calls on Windows, where .NET checks <c>FlushFileBuffers</c> and the file system journals its names.</summary>
internal sealed class WindowsFileCalls : IFileCalls
{
    public SafeFileHandle Create(string path) => File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    public void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    public void Close(SafeFileHandle file) => file.Dispose();

    public void Rename(string from, string to)
    {
        if (Directory.Exists(from))
            Directory.Move(from, to);
        else
            File.Move(from, to, overwrite: true);
    }

    public bool TryExchange(string first, string second) => false;

    public void FlushFolder(string folder)
    {
        // NTFS journals its names, and Windows gives no handle on which a folder could be flushed.
    }

    public bool CreateFolder(string path)
    {
        // Directory.CreateDirectory takes a folder that is there for its own; a move does not.
        string own = TemporaryFile.NextIn(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(own);
        try
        {
            Directory.Move(own, path);
            return true;
        }
        catch (IOException) when (Path.Exists(path))
        {
            Directory.Delete(own);
            return false;
        }
    }

    public void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }
}
