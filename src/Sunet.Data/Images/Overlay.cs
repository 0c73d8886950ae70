using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Shows a label map on top of its image.</summary>
public static class Overlay
{
    /// <summary>
    /// The 256 colours of PASCAL VOC's colour map by class index, which overlays and written label maps show classes in; the ignored label
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
        if (image.Height != labels.Height || image.Width != labels.Width)
        {
            throw new ArgumentException(
                $"The image is {image.Width} x {image.Height} and its labels are {labels.Width} x {labels.Height}.", nameof(labels));
        }

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

    private static Rgb Average(Rgb a, Rgb b) => new((byte)((a.R + b.R + 1) / 2), (byte)((a.G + b.G + 1) / 2), (byte)((a.B + b.B + 1) / 2));
}
