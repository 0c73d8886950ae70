using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Masks that show each class in a colour of its own.</summary>
/// <remarks>
/// A colour stands for one class exactly, and another colour is an error; but in a JPEG, which smears colours, a pixel belongs to the
/// nearest colour that is at most <see cref="JpegTolerance"/> away in each channel. What is further away is the seam between two
/// classes, and is ignored.
/// </remarks>
internal sealed class ColourLabels : ILabelReader
{
    /// <summary>How far a JPEG's pixel may be from a colour of the map, in each channel.</summary>
    public const int JpegTolerance = 40;

    // Colours nearer than this in every channel cannot be told apart in a JPEG of usual quality.
    private const int JpegDistance = 24;

    private readonly LabelMap map;
    private readonly ILabelReader? indexed;

    // Made at the first mask that needs it: a map whose colours are no good still names the classes of masks of indices.
    private readonly Lazy<Dictionary<Rgb, byte>> labels;

    /// <param name="map">The classes and their colours.</param>
    /// <param name="indexed">Reads masks that have indices; null where palettes and greys, too, are colours of the map.</param>
    public ColourLabels(LabelMap map, ILabelReader? indexed)
    {
        (this.map, this.indexed) = (map, indexed);
        labels = new Lazy<Dictionary<Rgb, byte>>(ByColour);
    }

    /// <inheritdoc/>
    /// <exception cref="DataException">A class has no colour, or two have the same; or as for every reader.</exception>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        ReadOnlySpan<byte> file = buffers.Scratch.ReadFile(path);
        ImageFormat format = ImageFormats.Detect(file);
        if (indexed is not null && (format == ImageFormat.Unknown || LabelFile.HasIndices(file)))
            return indexed.Load(path, pixelCap, buffers);
        if (format == ImageFormat.Unknown)
            throw new DataException($"'{path}' is no {ImageFormats.Description} file.", path);
        if (format == ImageFormat.Jpeg)
            RequireDistant();
        Dictionary<Rgb, byte> byColour = labels.Value;
        ReadOnlySpan<byte> rgba = ImageFile.DecodeStored(file, path, pixelCap, buffers.Scratch, null, out StoredSize size);
        Memory2D<byte> decoded = buffers.Labels.Reserve(size.Height, size.Width);
        decoded.Span.TryGetSpan(out Span<byte> target);
        if (format == ImageFormat.Jpeg)
            LoadNearest(rgba, target, path);
        else
            LoadExact(rgba, byColour, target, size.Width, path);
        return decoded;
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => PngLabels.Instance.ReadSize(path);

    private Dictionary<Rgb, byte> ByColour()
    {
        var byColour = new Dictionary<Rgb, byte>();
        foreach ((byte label, Rgb colour) in map.Colours)
        {
            if (!byColour.TryAdd(colour, label) && byColour[colour] != label)
            {
                throw new DataException(
                    $"'{map.File}' gives '{map.NameOf(byColour[colour])}' and '{map.NameOf(label)}' the same colour.", map.File);
            }
        }

        for (int label = 0; label < map.Names.Count; label++)
        {
            if (!byColour.ContainsValue((byte)label))
                throw new DataException(
                    $"'{map.File}' gives '{map.Names[label]}' no colour; masks in colours need one of each class.", map.File);
        }

        return byColour;
    }

    private void LoadExact(ReadOnlySpan<byte> rgba, Dictionary<Rgb, byte> byColour, Span<byte> target, int width, string path)
    {
        Rgb last = map.Colours[0].Colour;
        byte label = map.Colours[0].Label;
        for (int i = 0; i < target.Length; i++)
        {
            var colour = new Rgb(rgba[4 * i], rgba[(4 * i) + 1], rgba[(4 * i) + 2]);
            if (colour != last)
            {
                if (!byColour.TryGetValue(colour, out label))
                {
                    throw new DataException(
                        $"'{path}' has the colour {colour.R},{colour.G},{colour.B} at column {i % width}, row {i / width}, which "
                        + $"'{map.File}' does not have.", path);
                }

                last = colour;
            }

            target[i] = label;
        }
    }

    private void LoadNearest(ReadOnlySpan<byte> rgba, Span<byte> target, string path)
    {
        var known = new Dictionary<Rgb, byte?>();
        int far = 0;
        for (int i = 0; i < target.Length; i++)
        {
            var colour = new Rgb(rgba[4 * i], rgba[(4 * i) + 1], rgba[(4 * i) + 2]);
            if (!known.TryGetValue(colour, out byte? nearest))
                known.Add(colour, nearest = Nearest(colour));
            far += nearest is null ? 1 : 0;
            target[i] = nearest ?? LabelFile.IgnoreLabel;
        }

        if (far > target.Length / 2)
            throw new DataException($"'{path}' has {far} of {target.Length} pixels in colours that are near none of '{map.File}'.", path);
    }

    private byte? Nearest(Rgb colour)
    {
        var near = map.Colours.Where(entry => Distance(entry.Colour, colour) <= JpegTolerance).ToList();
        return near.Count == 0 ? null : near.MinBy(entry => Square(entry.Colour, colour)).Label;
    }

    private void RequireDistant()
    {
        for (int i = 0; i < map.Colours.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                var (a, b) = (map.Colours[j], map.Colours[i]);
                if (a.Label != b.Label && Distance(a.Colour, b.Colour) < JpegDistance)
                {
                    throw new DataException(
                        $"'{map.File}' gives '{map.NameOf(a.Label)}' and '{map.NameOf(b.Label)}' colours so near to each other that masks "
                        + "in JPEG do not tell them apart; use masks in PNG.", map.File);
                }
            }
        }
    }

    // The largest difference of a channel.
    private static int Distance(Rgb a, Rgb b) => Math.Max(Math.Abs(a.R - b.R), Math.Max(Math.Abs(a.G - b.G), Math.Abs(a.B - b.B)));

    private static int Square(Rgb a, Rgb b) =>
        ((a.R - b.R) * (a.R - b.R)) + ((a.G - b.G) * (a.G - b.G)) + ((a.B - b.B) * (a.B - b.B));
}
