using Sunet.Data.Datasets;
using Sunet.Data.Images;

namespace Sunet.Data.Conversion;

/// <summary>What <see cref="DatasetConverter"/> converts, and how.</summary>
public sealed record ConversionOptions
{
    /// <summary>The splits to convert; where none is named, all that have labels, and <c>test</c>.</summary>
    public IReadOnlyList<string> Splits { get; init; } = [];

    /// <summary>Whether a data set that is there already may be overwritten, or one that was interrupted be continued.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The threads that convert, at least 1.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How labels are read.</summary>
    public DatasetOptions Labels { get; init; } = DatasetOptions.Default;

    /// <summary>Larger images are refused.</summary>
    public long PixelCap { get; init; } = ImageFile.DefaultPixelCap;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    internal void Validate()
    {
        if (Workers < 1)
            throw new ConfigurationException($"A data set is converted by at least 1 worker, not {Workers}.");
        if (PixelCap < 1)
            throw new ConfigurationException($"The pixel cap is {PixelCap}; it is at least 1.");
        if (Splits.FirstOrDefault(split => split is "" or "." or ".." || split.AsSpan().ContainsAny('/', '\\')) is { } refused)
            throw new ConfigurationException($"'{refused}' is no name of a split.");
        if (Splits.GroupBy(split => split, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ConfigurationException($"The split '{twice.Key}' is named twice.");
    }
}
