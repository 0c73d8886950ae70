using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels whose stored index is the class: palette and grey PNGs.</summary>
internal sealed class PngLabels : ILabelReader
{
    /// <summary>The only instance: the reader keeps nothing from file to file.</summary>
    public static PngLabels Instance { get; } = new();

    /// <inheritdoc/>
    public bool MayBeColours => true;

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers) =>
        LabelFile.Load(path, pixelCap, buffers.Scratch, buffers.Labels);

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => LabelFile.ReadSize(path);
}
