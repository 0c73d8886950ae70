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
            IEnumerable<string> kinds = ExtensionCounts.Of(PassedOver).OrderByDescending(kind => kind.Count)
                .Select(kind => $"{kind.Count} {(kind.Extension.Length > 0 ? kind.Extension : "without extension")}");
            string files = ExtensionCounts.Subject(PassedOver.Count, "file");
            return $"note: {files} passed over, being no images by name: {string.Join(", ", kinds)}; "
                + $"images are {string.Join(", ", ImageFormats.ReadExtensions)}";
        }
    }
}
