using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Data.Matlab;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels of the Semantic Boundaries Dataset: the matrix <c>GTcls.Segmentation</c> of a MATLAB file, without ignore.</summary>
internal sealed class SbdLabels : ILabelReader
{
    /// <summary>The only instance: the reader keeps nothing from file to file.</summary>
    public static SbdLabels Instance { get; } = new();

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        (int height, int width) = Open(path, pixelCap).Read(buffers.Scratch, buffers.Labels);
        return buffers.Labels.Reserve(height, width);
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path)
    {
        try
        {
            return Open(path, ImageFile.DefaultPixelCap).Read(new DecodeScratch(), null);
        }
        catch (DataException)
        {
            return null;
        }
    }

    private static MatFile Open(string path, long pixelCap) => new(path, "GTcls", "Segmentation", pixelCap);
}
