using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Data.Loading;

namespace Sunet.Data.Conversion;

/// <summary>What <see cref="DatasetConverter"/> converts, and how.</summary>
internal sealed record ConversionOptions
{
    /// <summary>The splits to convert; where none is named, all that have labels, and <c>test</c>.</summary>
    public IReadOnlyList<string> Splits { get; init; } = [];

    /// <summary>Whether a data set that is there already may be overwritten, or one that was interrupted be continued.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// A file of the classes' names and their colours in masks, which are then read as colours; the classes are in the file's order. Null
    /// for the classes of the data set, and the colours of the <c>labelmap.txt</c> in it for masks that have colours.
    /// </summary>
    /// <remarks>
    /// A line is <c>road:128,64,128</c>, as in the <c>labelmap.txt</c> that annotation tools write, or <c>road,128,64,128</c>; pixels in
    /// the colour of a class named ignored, ignore or void are ignored. In masks that are JPEG files, which smear colours, a pixel belongs
    /// to the nearest colour up to 40 away in each channel, and is ignored where there is none.
    /// </remarks>
    public string? ColourMap { get; init; }

    /// <summary>The threads that convert, at least 1.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How labels are read.</summary>
    internal DatasetOptions Labels { get; init; } = DatasetOptions.Default;

    /// <summary>Larger images are refused.</summary>
    public long PixelCap { get; init; } = ImageFile.DefaultPixelCap;

    /// <summary>Bytes that all workers decode in, together, as <see cref="LoaderSettings.DecodeBytes"/>.</summary>
    public long DecodeBytes { get; init; } = LoaderSettings.DefaultDecodeBytes;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    internal void Validate()
    {
        if (Workers < 1)
            throw new ConfigurationException($"A data set is converted by at least 1 worker, not {Workers}.");
        if (PixelCap < 1)
            throw new ConfigurationException($"The pixel cap is {PixelCap}; it is at least 1.");
        if (DecodeBytes < 1)
            throw new ConfigurationException($"The number of bytes to decode in is {DecodeBytes}; it is at least 1.");
        if (Splits.FirstOrDefault(split => split is "" or "." or ".." || split.AsSpan().ContainsAny('/', '\\')) is { } refused)
            throw new ConfigurationException($"'{refused}' is no name of a split.");
        if (Splits.GroupBy(split => split, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ConfigurationException($"The split '{twice.Key}' is named twice.");
    }
}
