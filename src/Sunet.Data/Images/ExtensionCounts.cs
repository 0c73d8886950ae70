namespace Sunet.Data.Images;

/// <summary>Sums up files that are passed over, for the notes that tell of them.</summary>
internal static class ExtensionCounts
{
    /// <summary>Counts files by their extensions.</summary>
    /// <param name="files">The files.</param>
    /// <returns>Each extension in lower case, with its point, and how many files have it; sorted by extension.</returns>
    public static IReadOnlyList<(string Extension, int Count)> Of(IEnumerable<string> files) =>
    [
        .. files.GroupBy(file => Path.GetExtension(file).ToLowerInvariant()).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.Count())),
    ];

    /// <summary>The beginning of a sentence on a number of things, such as <c>1 image is</c> or <c>3 images are</c>.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="noun">What one of them is called.</param>
    public static string Subject(int count, string noun) => count == 1 ? $"1 {noun} is" : $"{count} {noun}s are";
}
