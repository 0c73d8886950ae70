using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels whose stored index is the class: palette and grey PNGs.</summary>
internal sealed class PngLabels : ILabelReader
{
    /// <summary>The one there needs to be.</summary>
    public static PngLabels Instance { get; } = new();

    /// <inheritdoc/>
    public bool MayBeColours => true;

    /// <inheritdoc/>
    public Memory2D<byte> Load(SegmentationItem item, long pixelCap, SampleBuffers buffers) =>
        LabelFile.Load(item.LabelPath, pixelCap, buffers.Scratch, buffers.Labels);

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(SegmentationItem item) => LabelFile.ReadSize(item.LabelPath);
}
