using System.Text;
using Sunet.Data.Images;

namespace Sunet.Data.Conversion;

/// <summary>
/// A file in the new data set's folder while it is being written. It names what it is made of, and what is younger than it was written by
/// this conversion, however often that was interrupted.
/// </summary>
internal sealed class ConversionJournal
{
    private readonly string path;
    private readonly DateTime begun;

    private ConversionJournal(string path, bool isResumed)
    {
        this.path = path;
        IsResumed = isResumed;
        begun = File.GetLastWriteTimeUtc(path);
    }

    /// <summary>Whether an earlier conversion of the same was interrupted.</summary>
    public bool IsResumed { get; }

    /// <summary>Continues the journal of an interrupted conversion, or begins one.</summary>
    /// <param name="folder">The new data set's folder; it exists.</param>
    /// <param name="settings">The old data set's folder, and what else label maps depend on.</param>
    /// <exception cref="DataException">It cannot be written.</exception>
    public static ConversionJournal Open(string folder, string settings)
    {
        string path = PathIn(folder);
        bool isResumed = IsOpen(folder, settings);
        if (!isResumed)
            AtomicFile.Write(path, Contents(settings));
        return new ConversionJournal(path, isResumed);
    }

    /// <summary>Whether a folder has the journal of an interrupted conversion of the same.</summary>
    /// <param name="folder">The new data set's folder; it need not exist.</param>
    /// <param name="settings">As for <see cref="Open"/>.</param>
    public static bool IsOpen(string folder, string settings) => IsFile(PathIn(folder), Contents(settings));

    /// <summary>Whether this conversion has written a file before it was interrupted.</summary>
    public bool HasWritten(string file) => IsResumed && File.Exists(file) && File.GetLastWriteTimeUtc(file) >= begun;

    /// <summary>Ends the journal: the conversion is complete.</summary>
    /// <exception cref="DataException">It cannot be removed.</exception>
    public void Close()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be removed: {failure.Message}", path, failure);
        }
    }

    private static string PathIn(string folder) => Path.Combine(folder, ".sunet-convert");

    private static byte[] Contents(string settings) => Encoding.UTF8.GetBytes(settings + "\n");

    private static bool IsFile(string path, byte[] contents)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file && file.Length == contents.Length
                && File.ReadAllBytes(path).SequenceEqual(contents);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
