using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Turns what a layout stores for an item into a label map of the data set's own class indices.</summary>
internal interface ILabelReader
{
    /// <summary>Reads an item's labels: indices below the class count, or 255 for ignore. Valid until the buffers' next use.</summary>
    /// <exception cref="DataException">The file cannot be read or is damaged; the message names it.</exception>
    Memory2D<byte> Load(SegmentationItem item, long pixelCap, SampleBuffers buffers);

    /// <summary>The map's size without decoding it; null where that cannot be told, and loading it tells why.</summary>
    (int Height, int Width)? ReadSize(SegmentationItem item);

    /// <summary>Whether the labels are masks, which may have colours in place of indices.</summary>
    bool MayBeColours => false;

    /// <summary>What a message calls the labels, as the beginning of a sentence.</summary>
    string Describe(SegmentationItem item) => $"'{item.LabelPath}'";
}
