using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Predicts a large image tile by tile; where tiles overlap their probabilities are blended with weights that fall to the rim.</summary>
internal static class Tiling
{
    /// <summary>How an image is cut.</summary>
    public static (TileAxis Rows, TileAxis Columns) Cut(int height, int width, PredictorOptions options) =>
        (TileAxis.Blended(height, options.TileSize, options.TileOverlap), TileAxis.Blended(width, options.TileSize, options.TileOverlap));

    /// <summary>Predicts all tiles.</summary>
    /// <param name="predictor">Predicts each.</param>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="sink">Takes what is found.</param>
    public static void Predict<TSink>(Predictor predictor, ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, scoped ref TSink sink)
        where TSink : ITileSink, allows ref struct
    {
        (TileAxis rows, TileAxis columns) = Cut(image.Height, image.Width, predictor.Options);
        using var pixels = new HostFloats(3 * rows.Tile * columns.Tile);
        var source = new ImageTiles(predictor, ref watch, image, (rows.Tile, columns.Tile), pixels.Span);
        TileAverage.Run(rows, columns, predictor.Model.Spec.Classes, source, ref sink);
    }

    private readonly ref struct ImageTiles(
        Predictor predictor, ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, (int H, int W) tile, Span<float> pixels) : ITileSource
    {
        private readonly ref PredictionWatch watch = ref watch;
        private readonly ReadOnlySpan2D<Rgb> image = image;
        private readonly Span<float> pixels = pixels;

        public void Predict(int top, int left, Span<float> probabilities)
        {
            Pixels.Normalise(image.Slice(top, left, tile.H, tile.W), predictor.Model.Spec.Normalization, pixels);
            predictor.Average(ref watch, pixels, new Shape(1, 3, tile.H, tile.W), probabilities);
        }
    }
}
