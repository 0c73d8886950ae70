using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels of PNG masks in which 255 is class 1.</summary>
internal sealed class BinaryLabels : ILabelReader
{
    private const byte Object = 1;

    /// <summary>The only instance: the reader keeps nothing from file to file.</summary>
    public static BinaryLabels Instance { get; } = new();

    /// <inheritdoc/>
    public bool MayBeColours => true;

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        Memory2D<byte> labels = PngLabels.Instance.Load(path, pixelCap, buffers);
        labels.Span.TryGetSpan(out Span<byte> pixels);
        if (pixels.Contains(Object) && pixels.Contains(LabelFile.IgnoreLabel))
        {
            throw new DataException(
                $"'{path}' has the labels 1 and 255, so that 255 is no class; leave out '--binary-masks', or correct the mask.",
                path);
        }

        pixels.Replace(LabelFile.IgnoreLabel, Object);
        return labels;
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => PngLabels.Instance.ReadSize(path);
}
