using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Labels whose stored index stands for another class: palette and grey PNGs.</summary>
internal sealed class MappedLabels : ILabelReader
{
    private const short Unknown = -1;
    private readonly short[] classes = new short[256];
    private readonly string source;

    /// <param name="labels">Classes by stored index; an index that is not in it is an error.</param>
    /// <param name="source">Where the map was given, for messages.</param>
    public MappedLabels(IReadOnlyDictionary<byte, byte> labels, string source)
    {
        this.source = source;
        Array.Fill(classes, Unknown);
        foreach ((byte from, byte to) in labels)
            classes[from] = to;
    }

    /// <inheritdoc/>
    public bool MayBeColours => true;

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        Memory2D<byte> labels = PngLabels.Instance.Load(path, pixelCap, buffers);
        Span2D<byte> map = labels.Span;
        for (int y = 0; y < map.Height; y++)
        {
            Span<byte> row = map.GetRowSpan(y);
            for (int x = 0; x < row.Length; x++)
            {
                short mapped = classes[row[x]];
                if (mapped == Unknown)
                {
                    throw new DataException(
                        $"'{path}' has label {row[x]} at column {x}, row {y}, which {source} does not have.", path);
                }

                row[x] = (byte)mapped;
            }
        }

        return labels;
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => PngLabels.Instance.ReadSize(path);
}
