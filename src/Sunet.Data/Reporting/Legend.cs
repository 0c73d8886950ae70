using System.Globalization;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Colours and names of classes in even columns, to be drawn below a picture that shows them.</summary>
internal sealed class Legend
{
    private const float LongestName = 20;

    private readonly (SKColor? Colour, string Name)[] entries;
    private readonly int size, columnWidth, columns;

    /// <summary>Lays a legend out.</summary>
    /// <param name="classes">Class indices, in the order they are to appear.</param>
    /// <param name="classNames">Names by index; a class without one is called by its number.</param>
    /// <param name="colours">Of the classes; one that is not shown in its colour has an empty field.</param>
    /// <param name="width">Pixels there are; text is larger on wider pictures.</param>
    public Legend(IEnumerable<int> classes, IReadOnlyList<string> classNames, ClassColours colours, int width)
    {
        size = width < 560 ? 12 : width < 1800 ? 16 : 20;
        float room = Math.Min(LongestName * size, width - TextLeft - (2 * Padding));
        entries = [.. classes.Select(c => (Field(colours, c), Lettering.Fit(Name(classNames, c), size, room)))];
        float longest = entries.Select(e => Lettering.Width(e.Name, size)).DefaultIfEmpty(0).Max();
        columnWidth = TextLeft + (int)Math.Ceiling(longest) + (2 * Padding);
        columns = Math.Max(1, (width - Padding) / columnWidth);
        Height = entries.Length == 0 ? 0 : ((entries.Length + columns - 1) / columns * RowHeight) + (2 * Padding);
    }

    /// <summary>Pixels it takes; 0 without classes.</summary>
    public int Height { get; }

    private int Padding => size / 2;

    private int TextLeft => size + Padding;

    private int RowHeight => size * 3 / 2;

    /// <summary>The classes of label maps in ascending order, those to ignore left out.</summary>
    public static IEnumerable<int> ClassesIn(params IEnumerable<ReadOnlyMemory2D<byte>> labels)
    {
        var seen = new bool[ClassColours.Count];
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
            int x = left + Padding + (i % columns * columnWidth), y = top + Padding + (i / columns * RowHeight);
            if (entries[i].Colour is { } colour)
            {
                fill.Color = colour;
                canvas.DrawRect(x, y, size, size, fill);
            }

            canvas.DrawRect(x + 0.5f, y + 0.5f, size - 1, size - 1, rim);
            Lettering.Draw(canvas, entries[i].Name, x + TextLeft, y + (size / 2f), size, SKColors.Black);
        }
    }

    private static SKColor? Field(ClassColours colours, int label)
    {
        Rgb colour = colours[label];
        return colours.Shows((byte)label) ? new SKColor(colour.R, colour.G, colour.B) : null;
    }

    private static string Name(IReadOnlyList<string> classNames, int index) => index < classNames.Count
        ? classNames[index]
        : "class " + index.ToString(CultureInfo.InvariantCulture);
}
