using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Files;

/// <summary>File calls on Linux: the result of each is checked, <c>fsync</c> and <c>close</c> included.</summary>
internal sealed class PosixFileCalls : IFileCalls
{
    public SafeFileHandle Create(string path) => File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (ArgumentOutOfRangeException e)
        {
            // What .NET makes of EFBIG, though no argument of ours is to blame.
            throw new IOException("File too large for the file system or the process's limit", e);
        }
    }

    public void Flush(SafeFileHandle file)
    {
        while (Posix.Fsync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Posix.Interrupted)
                throw LastError();
        }
    }

    public void Close(SafeFileHandle file)
    {
        int descriptor = (int)file.DangerousGetHandle();
        file.SetHandleAsInvalid();
        // Linux has released the descriptor even when a signal interrupted the call; to repeat it could close another's.
        if (Posix.Close(descriptor) != 0 && Marshal.GetLastPInvokeError() != Posix.Interrupted)
            throw LastError();
    }

    public void Rename(string from, string to)
    {
        if (Posix.Rename(from, to) != 0)
            throw LastError();
    }

    public bool TryExchange(string first, string second)
    {
        if (Posix.RenameAt2(Posix.CurrentFolder, first, Posix.CurrentFolder, second, Posix.Exchange) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is Posix.InvalidArgument or Posix.NoSuchCall ? false : throw LastError();
    }

    public void FlushFolder(string folder)
    {
        int descriptor = Posix.Open(folder, Posix.ReadOnly | Posix.CloseOnExec);
        if (descriptor < 0)
            throw LastError();
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        try
        {
            Flush(handle);
        }
        catch (IOException e) when (e.HResult is Posix.InvalidArgument or Posix.BadDescriptor)
        {
            // Some network file systems have no fsync of a folder; their renames are durable when they return.
        }
    }

    public bool CreateFolder(string path)
    {
        if (Posix.MakeFolder(path, Posix.FolderMode) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Posix.AlreadyThere ? false : throw LastError();
    }

    public void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    private static IOException LastError()
    {
        int code = Marshal.GetLastPInvokeError();
        return new IOException(Marshal.GetPInvokeErrorMessage(code), code);
    }
}
