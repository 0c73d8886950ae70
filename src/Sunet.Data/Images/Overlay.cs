using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Shows a label map on top of its image.</summary>
public static class Overlay
{
    /// <summary>A border is one pixel wide for so many pixels of an image's shorter side, so that it shows on large ones too.</summary>
    private const int PixelsForABorder = 400;

    /// <summary>
    /// The 256 colours of PASCAL VOC's colour map by class index, which blends and written label maps show classes in; the ignored label
    /// is a light cream.
    /// </summary>
    public static ReadOnlySpan<Rgb> Palette => VocPalette.Colours;

    /// <summary>Blends the classes' VOC colours over an image, half and half; pixels to ignore keep the image.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] class indices.</param>
    /// <param name="ignoreLabel">The label that is not drawn.</param>
    /// <returns>[H, W], owned by the caller.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static Memory2D<Rgb> Blend(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, byte ignoreLabel = LabelFile.IgnoreLabel)
    {
        RequireSameSize(image, labels);
        var result = new Rgb[image.Height, image.Width];
        ReadOnlySpan<Rgb> colours = VocPalette.Colours;
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<Rgb> pixels = image.GetRowSpan(y);
            ReadOnlySpan<byte> classes = labels.GetRowSpan(y);
            for (int x = 0; x < pixels.Length; x++)
                result[y, x] = classes[x] == ignoreLabel ? pixels[x] : Average(pixels[x], colours[classes[x]]);
        }

        return result;
    }

    /// <summary>
    /// Tints an image with the colours of its classes, half and half, and draws the classes' borders in full. Background and pixels to
    /// ignore keep the image.
    /// </summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] class indices.</param>
    /// <param name="colours">Of the classes.</param>
    /// <returns>[H, W], owned by the caller.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    internal static Memory2D<Rgb> Tint(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours)
    {
        RequireSameSize(image, labels);
        var result = new Rgb[image.Height, image.Width];
        var row = new uint[image.Width];
        var borders = new byte[image.Width];
        for (int y = 0; y < image.Height; y++)
        {
            TintRow(image, labels, colours, y, borders, row);
            PixelRows.DropAlpha(row, result.GetRowSpan(y));
        }

        return result;
    }

    /// <summary>Tints an image as <see cref="Tint(ReadOnlySpan2D{Rgb}, ReadOnlySpan2D{byte}, ClassColours)"/> does.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] class indices.</param>
    /// <param name="colours">Of the classes.</param>
    /// <param name="borders">Working memory of a row of bytes.</param>
    /// <param name="pixels">[H, W]; receives pixels of four bytes: red, green, blue, 255.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    internal static void Tint(
        ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours, Span<byte> borders, Span2D<uint> pixels)
    {
        RequireSameSize(image, labels);
        for (int y = 0; y < image.Height; y++)
            TintRow(image, labels, colours, y, borders, pixels.GetRowSpan(y));
    }

    private static void TintRow(
        ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours, int y, Span<byte> borders, Span<uint> pixels)
    {
        PixelRows.AddAlpha(image.GetRowSpan(y), pixels);
        ReadOnlySpan<byte> classes = labels.GetRowSpan(y);
        borders = borders[..classes.Length];
        MarkBorders(labels, y, borders);
        for (int x = 0, length; x < classes.Length; x += length)
        {
            byte label = classes[x];
            length = classes[x..].IndexOfAnyExcept(label);
            if (length < 0)
                length = classes.Length - x;
            if (!colours.Shows(label))
                continue;
            uint colour = PixelRows.WithAlpha(colours[label]);
            Span<uint> run = pixels.Slice(x, length);
            PixelRows.Average(run, colour);
            ReadOnlySpan<byte> marks = borders.Slice(x, length);
            for (int i = marks.IndexOfAnyExcept((byte)0), next; i >= 0; i = next < 0 ? -1 : i + 1 + next)
            {
                run[i] = colour;
                next = marks[(i + 1)..].IndexOfAnyExcept((byte)0);
            }
        }
    }

    /// <summary>Marks the pixels of a row that have another label above, below or beside them, at most a border's width away.</summary>
    private static void MarkBorders(ReadOnlySpan2D<byte> labels, int y, Span<byte> marks)
    {
        int width = Math.Max(1, (int)Math.Round(Math.Min(labels.Height, labels.Width) / (double)PixelsForABorder));
        ReadOnlySpan<byte> row = labels.GetRowSpan(y);
        marks.Clear();
        for (int away = 1; away <= width; away++)
        {
            if (y >= away)
                PixelRows.MarkUnequal(row, labels.GetRowSpan(y - away), marks);
            if (y + away < labels.Height)
                PixelRows.MarkUnequal(row, labels.GetRowSpan(y + away), marks);
            if (away >= row.Length)
                continue;
            PixelRows.MarkUnequal(row[away..], row[..^away], marks[away..]);
            PixelRows.MarkUnequal(row[away..], row[..^away], marks[..^away]);
        }
    }

    private static void RequireSameSize(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels)
    {
        if (image.Height != labels.Height || image.Width != labels.Width)
        {
            throw new ArgumentException(
                $"The image is {image.Width} x {image.Height} and its labels are {labels.Width} x {labels.Height}.", nameof(labels));
        }
    }

    private static Rgb Average(Rgb a, Rgb b) => new((byte)((a.R + b.R + 1) / 2), (byte)((a.G + b.G + 1) / 2), (byte)((a.B + b.B + 1) / 2));
}
