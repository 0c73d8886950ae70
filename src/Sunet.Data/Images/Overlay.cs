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
        int width = Math.Max(1, (int)Math.Round(Math.Min(image.Height, image.Width) / (double)PixelsForABorder));
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<Rgb> pixels = image.GetRowSpan(y);
            ReadOnlySpan<byte> classes = labels.GetRowSpan(y);
            for (int x = 0; x < pixels.Length; x++)
            {
                byte label = classes[x];
                if (!colours.Shows(label))
                    result[y, x] = pixels[x];
                else
                    result[y, x] = IsBorder(labels, y, x, width) ? colours[label] : Average(pixels[x], colours[label]);
            }
        }

        return result;
    }

    /// <summary>Whether another label lies above, below or beside a pixel, at most so many pixels away.</summary>
    private static bool IsBorder(ReadOnlySpan2D<byte> labels, int y, int x, int width)
    {
        byte label = labels[y, x];
        for (int away = 1; away <= width; away++)
        {
            if ((y >= away && labels[y - away, x] != label) || (y + away < labels.Height && labels[y + away, x] != label)
                || (x >= away && labels[y, x - away] != label) || (x + away < labels.Width && labels[y, x + away] != label))
            {
                return true;
            }
        }

        return false;
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
