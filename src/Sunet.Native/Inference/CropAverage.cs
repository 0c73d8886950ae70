using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Prediction by crops, as the authors' evaluation does it (<c>test_multiscale.py</c> of the published code). For every scale:
/// <list type="number">
/// <item>the image is resized bilinearly by the scale, or where a base size is set, so that its shorter side is base * scale;</item>
/// <item>a side that is shorter than a crop is padded to it with the mean colour, half of the padding before the image;</item>
/// <item>crops are taken every ceil(crop * stride) pixels, the last of a row or column moved back to end with the image;</item>
/// <item>each crop gives class probabilities, averaged with those of the mirrored crop where flips are on;</item>
/// <item>where crops overlap, their probabilities count the same, and what lies on padding is dropped;</item>
/// <item>the scale's probabilities are resized bilinearly to the image.</item>
/// </list>
/// The result is the mean over scales. Published code adds the logits of a crop and its mirror image before the softmax; here, as without
/// crops, probabilities are averaged.
/// </summary>
internal static class CropAverage
{
    /// <summary>Height and width of the image at a scale.</summary>
    public static (int H, int W) Scaled(int height, int width, double scale, int baseSize)
    {
        if (baseSize == 0)
            return (Math.Max(1, (int)Math.Round(height * scale)), Math.Max(1, (int)Math.Round(width * scale)));
        int shorter = Math.Max(1, (int)(baseSize * scale));
        return height <= width ? (shorter, Longer(shorter, width, height)) : (Longer(shorter, height, width), shorter);

        // A length beyond 32 bits is refused with the memory for it.
        static int Longer(long scaled, int longer, int shorter) => (int)Math.Min(int.MaxValue, scaled * longer / shorter);
    }

    /// <summary>How an image is cut at a scale.</summary>
    /// <exception cref="MemoryException">The scaled image is larger than an array can hold.</exception>
    public static (TileAxis Rows, TileAxis Columns) Cut((int H, int W) scaled, PredictorOptions options)
    {
        _ = new Shape(3, scaled.H, scaled.W).ArrayLength; // before the weights of every pixel of a side are made
        int stride = (int)Math.Ceiling(options.CropSize * options.CropStride);
        return (TileAxis.Crops(scaled.H, options.CropSize, stride), TileAxis.Crops(scaled.W, options.CropSize, stride));
    }

    /// <summary>Adds a scale's share of the probabilities.</summary>
    /// <param name="scales">Predicts crops.</param>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="planes">The normalised image, [3, H, W].</param>
    /// <param name="size">Of the image.</param>
    /// <param name="scaled">Of the image at this scale.</param>
    /// <param name="share">What the scale counts.</param>
    /// <param name="sum">[classes, H, W].</param>
    public static void AddScale(ScaleAverage scales, ref PredictionWatch watch, ReadOnlySpan<float> planes, (int H, int W) size,
        (int H, int W) scaled, float share, Span<float> sum)
    {
        int classes = scales.Spec.Classes;
        (TileAxis rows, TileAxis columns) = Cut(scaled, scales.Options);
        using HostFloats crop = HostBuffer.Allocate(new Shape(3, rows.Tile, columns.Tile));
        if (scaled == size)
        {
            var whole = new PlaneTiles(scales, ref watch, planes, rows, columns, crop.Span);
            var direct = new SumSink(sum, classes, size, share);
            TileAverage.Run(rows, columns, classes, whole, ref direct);
            return;
        }

        using HostFloats resized = HostBuffer.Allocate(new Shape(3, scaled.H, scaled.W));
        using HostFloats line = HostBuffer.Allocate(new Shape(Math.Max(size.W, scaled.W)));
        using HostFloats band = HostBuffer.Allocate(new Shape(classes, rows.Tile + 1, scaled.W));
        BilinearAxis.Resize(planes, new BilinearAxis(size.H, scaled.H), new BilinearAxis(size.W, scaled.W), line.Span, resized.Span);
        var source = new PlaneTiles(scales, ref watch, resized.Span, rows, columns, crop.Span);
        var sink = new ResizedSumSink(
            sum, new BilinearAxis(scaled.H, size.H), new BilinearAxis(scaled.W, size.W), classes, share, band.Span, line.Span);
        TileAverage.Run(rows, columns, classes, source, ref sink);
    }

    /// <summary>Crops of a normalised image, in which the mean colour is 0.</summary>
    private readonly ref struct PlaneTiles(
        ScaleAverage scales, ref PredictionWatch watch, ReadOnlySpan<float> planes, TileAxis rows, TileAxis columns, Span<float> crop)
        : ITileSource
    {
        private readonly ref PredictionWatch watch = ref watch;
        private readonly ReadOnlySpan<float> planes = planes;
        private readonly Span<float> crop = crop;

        public void Predict(int top, int left, Span<float> probabilities)
        {
            int height = Math.Min(rows.Tile, rows.Size), width = Math.Min(columns.Tile, columns.Size);
            crop.Clear();
            for (int colour = 0; colour < 3; colour++)
            {
                for (int y = 0; y < height; y++)
                {
                    planes.Slice((((colour * rows.Size) + top + y) * columns.Size) + left, width)
                        .CopyTo(crop[((((colour * rows.Tile) + rows.Pad + y) * columns.Tile) + columns.Pad)..]);
                }
            }

            scales.Average(ref watch, crop, new Shape(1, 3, rows.Tile, columns.Tile), probabilities);
        }
    }
}
