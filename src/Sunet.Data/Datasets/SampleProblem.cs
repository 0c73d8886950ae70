using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets;

/// <summary>What can be wrong with an image and a label map that both decode; null where nothing is.</summary>
internal static class SampleProblem
{
    /// <summary>The name promises another format.</summary>
    public static string WrongExtension(string path, ImageFormat content) =>
        $"'{path}' holds a {content.ToString().ToUpperInvariant()} image; rename it or convert it.";

    /// <summary>Says that the sizes of an image and its labels differ, where they do.</summary>
    public static string? SizeMismatch(
        SegmentationItem item, ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, int orientation)
    {
        if (image.Height == labels.Height && image.Width == labels.Width)
            return null;
        bool isStoredSize = orientation > 4 && image.Height == labels.Width && image.Width == labels.Height;
        string cause = isStoredSize
            ? $" once turned by its EXIF orientation {orientation}: the labels are of the image as it is stored"
            : "";
        return $"{item.Labels.Describe(item.LabelPath)} is {labels.Width} x {labels.Height} "
            + $"but its image '{item.ImagePath}' is {image.Width} x {image.Height}{cause}.";
    }

    /// <summary>A label is neither a class nor ignore.</summary>
    public static string? LabelOutOfRange(SegmentationItem item, ReadOnlySpan2D<byte> labels, int classes)
    {
        if (classes > LabelFile.IgnoreLabel - 1)
            return null;
        for (int y = 0; y < labels.Height; y++)
        {
            int x = labels.GetRowSpan(y).IndexOfAnyInRange((byte)classes, (byte)(LabelFile.IgnoreLabel - 1));
            if (x >= 0)
            {
                return $"'{item.LabelPath}' has label {labels[y, x]} at column {x}, row {y}, but the data set has {classes} classes: "
                    + $"labels are 0 to {classes - 1}, or 255 for ignore.";
            }
        }

        return null;
    }
}
