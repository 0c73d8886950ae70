using Microsoft.Win32.SafeHandles;
using Sunet.Native.Files;

namespace Sunet.Data.Images;

/// <summary>Writes a file under a temporary name and renames it, so that a reader never sees half of it.</summary>
internal static class AtomicFile
{
    /// <summary>Writes or replaces <paramref name="path"/>. A symbolic link of that name is replaced and not followed.</summary>
    /// <exception cref="DataException">The folder is missing or cannot be written; the earlier file, if any, is untouched.</exception>
    public static void Write(string path, ReadOnlySpan<byte> contents)
    {
        string temporary = TemporaryFile.NextIn(Path.GetDirectoryName(Path.GetFullPath(path)) ?? path);
        try
        {
            SafeFileHandle handle = File.OpenHandle(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: contents.Length);
            try
            {
                using (handle)
                    RandomAccess.Write(handle, contents, 0);
                File.Move(temporary, path, overwrite: true);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be written: {failure.Message}", path, failure);
        }
    }
}
