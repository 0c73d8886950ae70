using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets;

/// <summary>
/// One split of a data set for segmentation. Opened by <see cref="Reading.DatasetReader"/>; safe to use from many threads.
/// </summary>
public sealed class SegmentationDataset
{
    internal SegmentationDataset(
        string name, string root, string split, IReadOnlyList<string> classNames, IReadOnlyList<SegmentationItem> items)
    {
        Name = name;
        Root = root;
        Split = split;
        ClassNames = classNames;
        Items = items;
    }

    /// <summary>The name of the data set's folder.</summary>
    public string Name { get; }

    /// <summary>The data set's folder.</summary>
    public string Root { get; }

    /// <summary>The name of the split, such as <c>train</c> or <c>val</c>.</summary>
    public string Split { get; }

    /// <summary>The classes' names by index.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of classes, ignore not counted.</summary>
    public int ClassCount => ClassNames.Count;

    /// <summary>The images, in the split's order; at least one.</summary>
    public IReadOnlyList<SegmentationItem> Items { get; }

    /// <summary>Files in the split's folders that are images by their names and are not read, such as those of other formats.</summary>
    public IReadOnlyList<string> PassedOver { get; internal init; } = [];

    /// <summary>
    /// What a user should know of the data set and this split and is no defect, a sentence each, such as which class names were assumed.
    /// </summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>Decodes an item and checks it.</summary>
    /// <param name="item">One of <see cref="Items"/>.</param>
    /// <param name="pixelCap">Larger images are refused by their header.</param>
    /// <returns>
    /// The image, [H, W], and its labels, [H, W] class indices below <see cref="ClassCount"/> or <see cref="LabelFile.IgnoreLabel"/>; both
    /// are owned by the caller.
    /// </returns>
    /// <exception cref="DataException">
    /// A file cannot be read, the sizes differ, or a label is neither below <see cref="ClassCount"/> nor 255; the message names the file.
    /// </exception>
    public (Memory2D<Rgb> Image, Memory2D<byte> Labels) Load(SegmentationItem item, long pixelCap = ImageFile.DefaultPixelCap) =>
        Load(item, pixelCap, new SampleBuffers());

    /// <summary>Decodes an item into memory that is used again, and checks it.</summary>
    /// <param name="item">One of <see cref="Items"/>.</param>
    /// <param name="pixelCap">Larger images are refused by their header.</param>
    /// <param name="buffers">Used by one thread at a time.</param>
    /// <returns>Image and labels, [H, W] each, valid until the buffers' next use.</returns>
    /// <exception cref="DataException">A file cannot be read, the sizes differ, or a label is out of range.</exception>
    internal (Memory2D<Rgb> Image, Memory2D<byte> Labels) Load(SegmentationItem item, long pixelCap, SampleBuffers buffers)
    {
        Memory2D<Rgb> image = ImageFile.Load(item.ImagePath, pixelCap, buffers.Scratch, buffers.Image);
        Memory2D<byte> labels = item.Labels.Load(item.LabelPath, pixelCap, buffers);
        if (SampleProblem.SizeMismatch(item, image.Span, labels.Span, buffers.Scratch.Orientation) is { } mismatch)
            throw new DataException(mismatch, item.LabelPath);
        if (SampleProblem.LabelOutOfRange(item, labels.Span, ClassCount) is { } outOfRange)
            throw new DataException(outOfRange, item.LabelPath);
        return (image, labels);
    }
}
