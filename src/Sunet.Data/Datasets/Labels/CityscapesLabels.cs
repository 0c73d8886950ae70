using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels of Cityscapes: PNGs of label ids, of which 19 are classes and the others ignored.</summary>
internal sealed class CityscapesLabels : ILabelReader
{
    /// <summary>The only instance: the reader keeps nothing from file to file.</summary>
    public static CityscapesLabels Instance { get; } = new();

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        Memory2D<byte> labels = PngLabels.Instance.Load(path, pixelCap, buffers);
        Span2D<byte> ids = labels.Span;
        for (int y = 0; y < ids.Height; y++)
        {
            Span<byte> row = ids.GetRowSpan(y);
            for (int x = 0; x < row.Length; x++)
            {
                byte id = row[x];
                if (id is > CityscapesClasses.LargestLabelId and < LabelFile.IgnoreLabel)
                {
                    throw new DataException(
                        $"'{path}' has label id {id} at column {x}, row {y}; Cityscapes has the ids 0 to "
                        + $"{CityscapesClasses.LargestLabelId}, and 255 for -1.", path);
                }

                row[x] = CityscapesClasses.ToTrainId(id);
            }
        }

        return labels;
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => PngLabels.Instance.ReadSize(path);
}
