using Sunet.Data.Images;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>The images that a source names.</summary>
/// <param name="Paths">Full paths, each once, in ordinal order.</param>
/// <param name="PassedOver">The files beside them whose names are those of no image.</param>
internal sealed record FoundImages(IReadOnlyList<string> Paths, IReadOnlyList<string> PassedOver)
{
    /// <summary>How many files were passed over and what they are by their extensions; null where there were none.</summary>
    public string? Note
    {
        get
        {
            if (PassedOver.Count == 0)
                return null;
            IEnumerable<string> kinds = PassedOver.GroupBy(file => Path.GetExtension(file).ToLowerInvariant())
                .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal)
                .Select(kind => $"{kind.Count()} {(kind.Key.Length > 0 ? kind.Key : "without extension")}");
            string files = PassedOver.Count == 1 ? "1 file is" : $"{PassedOver.Count} files are";
            return $"note: {files} passed over, being no images by name: {string.Join(", ", kinds)}; "
                + $"images are {string.Join(", ", ImageFormats.Extensions)}";
        }
    }
}
