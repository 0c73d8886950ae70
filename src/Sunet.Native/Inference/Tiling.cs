using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Predicts a large image tile by tile; where tiles overlap their probabilities are blended with weights that fall to the rim.</summary>
internal static class Tiling
{
    public static void Predict(Predictor predictor, ReadOnlySpan2D<Rgb> image, PredictorOptions options, int classes, Span<float> probabilities)
    {
        int height = image.Height, width = image.Width;
        int tileHeight = Math.Min(options.TileSize, height), tileWidth = Math.Min(options.TileSize, width);
        using SpanOwner<float> weights = SpanOwner<float>.Allocate(height * width, AllocationMode.Clear);
        using SpanOwner<float> pixels = SpanOwner<float>.Allocate(3 * tileHeight * tileWidth);
        using SpanOwner<float> tile = SpanOwner<float>.Allocate(classes * tileHeight * tileWidth);
        probabilities.Clear();
        foreach (int top in Starts(height, tileHeight, options.TileOverlap))
        {
            foreach (int left in Starts(width, tileWidth, options.TileOverlap))
            {
                Pixels.Normalise(image.Slice(top, left, tileHeight, tileWidth), predictor.Model.Spec.Normalization, pixels.Span);
                predictor.Average(pixels.Span, new Shape(1, 3, tileHeight, tileWidth), tile.Span);
                Blend(tile.Span, (tileHeight, tileWidth), (top, left), (height, width), options.TileOverlap, probabilities, weights.Span);
            }
        }

        for (int c = 0; c < classes; c++)
        {
            Span<float> plane = probabilities.Slice(c * height * width, height * width);
            for (int i = 0; i < plane.Length; i++)
                plane[i] /= weights.Span[i];
        }
    }

    /// <summary>First pixels of tiles that cover <paramref name="size"/>: evenly spaced, overlapping by at least <paramref name="overlap"/>.</summary>
    public static IEnumerable<int> Starts(int size, int tile, int overlap)
    {
        int last = size - tile;
        int steps = (int)Math.Ceiling(last / (double)(tile - overlap));
        for (int i = 0; i <= steps; i++)
            yield return steps == 0 ? 0 : (int)((long)last * i / steps);
    }

    private static void Blend(ReadOnlySpan<float> tile, (int H, int W) size, (int Y, int X) at, (int H, int W) whole, int overlap,
        Span<float> probabilities, Span<float> weights)
    {
        int classes = tile.Length / (size.H * size.W);
        for (int y = 0; y < size.H; y++)
        {
            float rowWeight = Ramp(y, size.H, overlap);
            for (int x = 0; x < size.W; x++)
            {
                float weight = rowWeight * Ramp(x, size.W, overlap);
                int to = ((at.Y + y) * whole.W) + at.X + x, from = (y * size.W) + x;
                weights[to] += weight;
                for (int c = 0; c < classes; c++)
                    probabilities[(c * whole.H * whole.W) + to] += weight * tile[(c * size.H * size.W) + from];
            }
        }
    }

    /// <summary>1 inside, falling linearly over the overlap towards the rim, never to 0.</summary>
    private static float Ramp(int position, int size, int overlap) =>
        Math.Min(1f, (Math.Min(position, size - 1 - position) + 1f) / (overlap + 1f));
}
