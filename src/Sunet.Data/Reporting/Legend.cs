using System.Globalization;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Colours and names of classes in even columns, to be drawn below a picture that shows them.</summary>
internal sealed class Legend
{
    private const int LongestName = 28;
    private const int Padding = 8;

    private readonly (Rgb Colour, string Name)[] entries;
    private readonly int scale, columnWidth, columns;

    /// <summary>Lays a legend out.</summary>
    /// <param name="classes">Class indices, in the order they are to appear.</param>
    /// <param name="classNames">Names by index; a class without one is called by its number.</param>
    /// <param name="width">Pixels there are; text is larger on wider pictures.</param>
    public Legend(IEnumerable<int> classes, IReadOnlyList<string> classNames, int width)
    {
        entries = [.. classes.Select(c => (VocPalette.Colours[c], Name(classNames, c)))];
        scale = width < 560 ? 1 : width < 1800 ? 2 : 3;
        int longest = entries.Length == 0 ? 0 : entries.Max(e => BitmapFont.Width(e.Name, scale));
        columnWidth = Swatch + (2 * Padding * scale) + longest;
        columns = Math.Max(1, (width - (Padding * scale)) / columnWidth);
        Height = entries.Length == 0 ? 0 : ((entries.Length + columns - 1) / columns * RowHeight) + (Padding * scale);
    }

    /// <summary>Pixels it takes; 0 without classes.</summary>
    public int Height { get; }

    private int Swatch => 10 * scale;

    private int RowHeight => 15 * scale;

    /// <summary>The classes of label maps in ascending order, those to ignore left out.</summary>
    public static IEnumerable<int> ClassesIn(params IEnumerable<ReadOnlyMemory2D<byte>> labels)
    {
        var seen = new bool[VocPalette.Colours.Length];
        foreach (ReadOnlyMemory2D<byte> map in labels)
        {
            foreach (byte label in map.Span)
                seen[label] = true;
        }

        return Enumerable.Range(0, LabelFile.IgnoreLabel).Where(c => seen[c]);
    }

    /// <summary>Draws it on a light ground.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="left">Of the ground.</param>
    /// <param name="top">Of the ground.</param>
    public void Draw(SKCanvas canvas, int left, int top)
    {
        using var fill = new SKPaint { IsAntialias = false };
        using var rim = new SKPaint { Color = new SKColor(120, 120, 120), Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        for (int i = 0; i < entries.Length; i++)
        {
            int x = left + (Padding * scale) + (i % columns * columnWidth), y = top + (Padding * scale) + (i / columns * RowHeight);
            Rgb colour = entries[i].Colour;
            fill.Color = new SKColor(colour.R, colour.G, colour.B);
            canvas.DrawRect(x, y, Swatch, Swatch, fill);
            canvas.DrawRect(x + 0.5f, y + 0.5f, Swatch - 1, Swatch - 1, rim);
            BitmapFont.Draw(canvas, entries[i].Name, x + Swatch + (6 * scale), y + scale + 1, scale, SKColors.Black);
        }
    }

    private static string Name(IReadOnlyList<string> classNames, int index) => index < classNames.Count
        ? BitmapFont.Shorten(classNames[index], LongestName)
        : "class " + index.ToString(CultureInfo.InvariantCulture);
}
