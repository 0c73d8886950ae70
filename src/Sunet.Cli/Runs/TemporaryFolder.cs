using Sunet.Native;

namespace Sunet.Cli.Runs;

/// <summary>A folder for files that are needed for a while; removed with all that is in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>Makes it where the system keeps such.</summary>
    /// <param name="prefix">What its name begins with.</param>
    /// <exception cref="DataException">It cannot be made.</exception>
    public TemporaryFolder(string prefix)
    {
        try
        {
            Path = Directory.CreateTempSubdirectory(prefix).FullName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            string parent = System.IO.Path.GetTempPath();
            throw new DataException($"A temporary folder cannot be made in '{parent}': {failure.Message}", parent, failure);
        }
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
