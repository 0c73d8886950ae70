using CommunityToolkit.HighPerformance;

namespace Sunet.Native.Inference;

/// <summary>Labels pixels with their likeliest class, so that no probability is kept.</summary>
internal readonly ref struct LabelSink(Span2D<byte> labels, int classes) : ITileSink
{
    private readonly Span2D<byte> labels = labels;

    public void Take(ReadOnlySpan<float> tile, in TilePart part)
    {
        for (int y = 0; y < part.Height; y++)
        {
            Pixels.ArgMax(tile[(part.Offset + (y * part.RowStride))..], part.PlaneStride, classes,
                labels.GetRowSpan(part.Top + y).Slice(part.Left, part.Width));
        }
    }
}
