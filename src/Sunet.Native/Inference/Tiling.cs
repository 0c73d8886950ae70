using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Predicts a large image tile by tile; where tiles overlap their probabilities are blended with weights that fall to the rim.
/// </summary>
internal static class Tiling
{
    /// <summary>How an image is cut.</summary>
    public static (TileAxis Rows, TileAxis Columns) Cut(int height, int width, PredictorOptions options) =>
        (TileAxis.Blended(height, options.TileSize, options.TileOverlap), TileAxis.Blended(width, options.TileSize, options.TileOverlap));

    /// <summary>Predicts all tiles.</summary>
    /// <param name="scales">Predicts each.</param>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="sink">Takes what is found.</param>
    public static void Predict<TSink>(ScaleAverage scales, ref PredictionWatch watch, ImagePixels image, scoped ref TSink sink)
        where TSink : ITileSink, allows ref struct
    {
        (TileAxis rows, TileAxis columns) = Cut(image.Height, image.Width, scales.Options);
        var source = new ImageTiles(scales, ref watch, image, (rows.Tile, columns.Tile));
        TileAverage.Run(rows, columns, scales.Spec.Classes, source, ref sink);
    }

    private readonly ref struct ImageTiles(
        ScaleAverage scales, ref PredictionWatch watch, ImagePixels image, (int H, int W) tile) : ITileSource
    {
        private readonly ref PredictionWatch watch = ref watch;
        private readonly ImagePixels image = image;

        public void Predict(int top, int left, Span<float> probabilities) =>
            scales.Average(ref watch, image.Slice(top, left, tile.H, tile.W), probabilities);
    }
}
