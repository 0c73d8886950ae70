using Sunet.Native.Files;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Reads the small text files of a data set.</summary>
internal static class TextLines
{
    private const long LargestFile = 64 << 20;

    /// <summary>The lines of a file.</summary>
    /// <exception cref="DataException">The file is missing, unreadable or over 64 MiB.</exception>
    public static string[] Read(string path)
    {
        try
        {
            RegularFile.Require(path);
            if (new FileInfo(path) is { Exists: true, Length: > LargestFile })
                throw new DataException($"'{path}' is over 64 MiB, too large for a list.", path);
            return File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be read: {failure.Message}", path, failure);
        }
    }
}
