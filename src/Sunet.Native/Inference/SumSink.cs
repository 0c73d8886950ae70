using CommunityToolkit.HighPerformance;

namespace Sunet.Native.Inference;

/// <summary>Adds a share of the probabilities to a map of the whole image, [classes, height, width].</summary>
internal readonly ref struct SumSink(Span<float> sum, int classes, (int H, int W) size, float share) : ITileSink
{
    private readonly Span<float> sum = sum;

    public void Take(ReadOnlySpan<float> tile, in TilePart part)
    {
        for (int c = 0; c < classes; c++)
        {
            for (int y = 0; y < part.Height; y++)
                Pixels.AddScaled(part.Row(tile, c, y), share, sum.Slice((((c * size.H) + part.Top + y) * size.W) + part.Left, part.Width));
        }
    }
}
