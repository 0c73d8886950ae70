using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Data.Matlab;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels of the Semantic Boundaries Dataset: the matrix <c>GTcls.Segmentation</c> of a MATLAB file, without ignore.</summary>
internal sealed class SbdLabels : ILabelReader
{
    /// <summary>The one there needs to be.</summary>
    public static SbdLabels Instance { get; } = new();

    /// <inheritdoc/>
    public Memory2D<byte> Load(SegmentationItem item, long pixelCap, SampleBuffers buffers)
    {
        (int height, int width) = Open(item, pixelCap).Read(buffers.Scratch, buffers.Labels);
        return buffers.Labels.Reserve(height, width);
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(SegmentationItem item)
    {
        try
        {
            return Open(item, ImageFile.DefaultPixelCap).Read(new DecodeScratch(), null);
        }
        catch (DataException)
        {
            return null;
        }
    }

    private static MatFile Open(SegmentationItem item, long pixelCap) => new(item.LabelPath, "GTcls", "Segmentation", pixelCap);
}
