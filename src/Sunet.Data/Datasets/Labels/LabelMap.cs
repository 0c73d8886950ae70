using System.Globalization;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets.Labels;

/// <summary>A file of labels in the order of their indices, perhaps with the colours that masks show them in.</summary>
/// <remarks>
/// <para>Read are <c>labelmap.txt</c> of CVAT and Datumaro (<c>road:128,64,128::</c>, a comment begins with #), a plain list of names such
/// as labelme's <c>class_names.txt</c>, and tables such as <c>class_dict.csv</c> (<c>road,128,64,128</c>). Where no label has a colour, the
/// colours are those of <see cref="VocPalette"/>.</para>
/// <para>A label named ignored, ignore, void or __ignore__ is no class: its pixels are ignored. It has an index like any other, but for
/// labelme's __ignore__, which stands for -1.</para>
/// </remarks>
internal sealed class LabelMap
{
    private static readonly string[] IgnoredNames = ["ignored", "ignore", "void", LabelmeIgnored];
    private const string LabelmeIgnored = "__ignore__";

    private readonly List<(byte Label, Rgb Colour)> colours = [];

    private LabelMap(string file, IReadOnlyList<(string Name, Rgb? Colour)> entries)
    {
        File = file;
        bool hasColours = entries.Any(entry => entry.Colour is not null);
        var names = new List<string>();
        var labels = new Dictionary<byte, byte>();
        foreach ((string name, Rgb? colour) in entries)
        {
            bool isIgnored = IgnoredNames.Contains(name, StringComparer.OrdinalIgnoreCase);
            byte label = isIgnored ? LabelFile.IgnoreLabel : (byte)names.Count;
            if ((hasColours ? colour : VocPalette.Colours[isIgnored ? LabelFile.IgnoreLabel : labels.Count]) is { } shown)
                colours.Add((label, shown));
            if (name != LabelmeIgnored)
                labels.Add((byte)labels.Count, label);
            if (!isIgnored)
                names.Add(name);
        }

        ClassNamesFile.Require(names, file);
        Names = names;
        labels.TryAdd(LabelFile.IgnoreLabel, LabelFile.IgnoreLabel);
        Labels = labels.All(pair => pair.Key == pair.Value) ? PngLabels.Instance : new MappedLabels(labels, $"'{file}'");
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>The classes' names by index.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How masks are read that have the labels' indices.</summary>
    public ILabelReader Labels { get; }

    /// <summary>The colours that are known, with the class of each, or 255 for ignore.</summary>
    public IReadOnlyList<(byte Label, Rgb Colour)> Colours => colours;

    /// <summary>What it says, a line each, which two maps share only if they are equal.</summary>
    public IEnumerable<string> Lines => Names.Concat(colours.Select(entry => $"{entry.Colour} {entry.Label}"));

    /// <summary>What a label is called in a message.</summary>
    public string NameOf(byte label) => label == LabelFile.IgnoreLabel ? "ignored" : Names[label];

    /// <summary>Reads a file.</summary>
    /// <exception cref="DataException">It cannot be read, or has no labels, too many, one twice, or a line that is none.</exception>
    public static LabelMap Read(string file)
    {
        var entries = new List<(string Name, Rgb? Colour)>();
        foreach (string line in TextLines.Read(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (entries.Count > 0 || !IsHeader(line))
                entries.Add(Parse(line, file));
        }

        ClassNamesFile.RequireCount(entries.Count, file, ClassNamesFile.MostOfPixels + 1);
        return new LabelMap(file, entries);
    }

    private static bool IsHeader(string line) => line.Split(',') is [_, var r, var g, var b]
        && (r.Trim().ToUpperInvariant(), g.Trim().ToUpperInvariant(), b.Trim().ToUpperInvariant()) == ("R", "G", "B");

    private static (string Name, Rgb? Colour) Parse(string line, string file)
    {
        string[] fields = line.Split(':');
        if (fields.Length > 1)
            return (fields[0].Trim(), fields[1].Trim().Length == 0 ? null : Colour(fields[1].Split(','), line, file));
        string[] cells = line.Split(',');
        return cells.Length == 4 ? (cells[0].Trim(), Colour(cells[1..], line, file)) : (line, null);
    }

    private static Rgb Colour(string[] parts, string line, string file)
    {
        var channels = new byte[3];
        bool isColour = parts.Length == channels.Length;
        for (int i = 0; isColour && i < channels.Length; i++)
            isColour = byte.TryParse(parts[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out channels[i]);
        return isColour
            ? new Rgb(channels[0], channels[1], channels[2])
            : throw new DataException(
                $"'{file}' has the line '{line}', which should be a name and a colour, such as 'road:128,64,128'.", file);
    }
}
