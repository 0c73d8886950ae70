namespace Sunet.Data.Images;

/// <summary>Writes a file under a temporary name and renames it, so that a reader never sees half of it.</summary>
internal static class AtomicFile
{
    /// <summary>Writes or replaces <paramref name="path"/>.</summary>
    /// <exception cref="DataException">The folder is missing or cannot be written; the earlier file, if any, is untouched.</exception>
    public static void Write(string path, ReadOnlySpan<byte> contents)
    {
        string temporary = path + ".partial";
        try
        {
            try
            {
                using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, preallocationSize: contents.Length))
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
