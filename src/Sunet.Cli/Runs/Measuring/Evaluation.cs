using System.Globalization;
using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Datasets;
using Sunet.Data.Reporting;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>Compares a predictor's labels with those of a data set.</summary>
internal static class Evaluation
{
    /// <summary>How the metrics are defined, in one line.</summary>
    public const string Definition =
        "mIoU: mean over classes of intersection / union; aAcc: share of right pixels; mAcc: mean over classes of their share of right "
        + "pixels; all in percent from one confusion matrix over the split, pixels labelled 255 and classes without pixels left out.";

    /// <summary>How many images a mosaic shows.</summary>
    public const int MosaicImages = 16;

    /// <summary>Predicts every item and counts; items are decoded while others are predicted.</summary>
    /// <param name="predictor">Of a model with the data set's classes.</param>
    /// <param name="dataset">What to compare with.</param>
    /// <param name="pixelCap">Larger images are refused.</param>
    /// <param name="limit">At most that many items of the split, from its first.</param>
    /// <param name="shown">How many items are kept with their predictions, for a mosaic.</param>
    /// <param name="report">Told how many items are done.</param>
    /// <param name="cancellation">Stops between two runs of the network.</param>
    /// <param name="workers">How many items are decoded at a time; null for one a processor.</param>
    /// <param name="observe">Shown every item with its prediction; null where only counts are wanted.</param>
    /// <exception cref="Sunet.Native.DataException">An item cannot be read.</exception>
    public static EvaluationResult Run(
        Predictor predictor, SegmentationDataset dataset, long pixelCap, int limit, int shown, Action<int> report,
        CancellationToken cancellation, int? workers = null, PredictionObserver? observe = null)
    {
        var matrix = new ConfusionMatrix(dataset.ClassCount);
        SegmentationItem[] items = [.. dataset.Items.Take(limit)];
        int[] places = Spread(items.Length, shown);
        var pictures = new MosaicTile[places.Length];
        var kept = places.Select((place, index) => (Item: items[place], index)).ToLookup(i => i.Item, i => i.index);
        var found = new LabelCounts();
        int done = 0;

        // One size after the other, so that every size is compiled once.
        SegmentationItem[] order = [.. MaskSizes.Sorted(items).Select(sorted => sorted.Item)];
        bool Decode(PipelineImage image)
        {
            (Memory2D<Rgb> pixels, Memory2D<byte> labels) = dataset.Load(order[image.Index], pixelCap, image.Buffers);
            image.Decoded(pixels, labels);
            return true;
        }

        void Count(PipelineImage image)
        {
            SegmentationItem item = order[image.Index];
            found.Add(image.Truth.Span);
            matrix.Add(image.Truth.Span, image.Prediction.Span);
            observe?.Invoke(item, image.Truth.Span, image.Prediction.Span);
            if (kept.Contains(item))
            {
                var tile = new MosaicTile(item.Name, image.Pixels.ToArray(), image.Truth.ToArray(), image.Prediction.ToArray());
                foreach (int index in kept[item])
                    pictures[index] = tile;
            }

            report(++done);
        }

        var pipeline = new ImagePipeline(
            predictor.SegmentMany, ImagePipeline.OnPool(Decode), Count, parallel: false)
        {
            Workers = workers ?? Environment.ProcessorCount,
            Finishing = "count",
        };
        StageTimes stages = pipeline.Run(order.Length, predictor.Batching, cancellation);
        string subject = string.Create(CultureInfo.InvariantCulture, $"{items.Length} images of {dataset.Name}, split '{dataset.Split}'");
        return new EvaluationResult(matrix, pictures, found, subject, stages);
    }

    /// <summary>Indices spread evenly over so many, in ascending order and each once: the middles of equal parts.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="wanted">How many indices are wanted; no more come back than there are.</param>
    public static int[] Spread(int count, int wanted)
    {
        int parts = Math.Min(count, wanted);
        return [.. Enumerable.Range(0, parts).Select(part => (int)(((2L * part) + 1) * count / (2L * parts)))];
    }

    /// <summary>Writes the means over classes and pixels into an object.</summary>
    public static void WriteMeans(Utf8JsonWriter json, ConfusionMatrix matrix)
    {
        json.WritePercent("mIoU", matrix.MeanIntersectionOverUnion);
        json.WritePercent("aAcc", matrix.PixelAccuracy);
        json.WritePercent("mAcc", matrix.MeanAccuracy);
    }
}

/// <summary>Is shown an item with what was predicted, both valid during the call only.</summary>
/// <param name="item">The item.</param>
/// <param name="labels">[H, W]; 255 takes no part.</param>
/// <param name="prediction">[H, W] class indices.</param>
internal delegate void PredictionObserver(SegmentationItem item, ReadOnlySpan2D<byte> labels, ReadOnlySpan2D<byte> prediction);

/// <summary>What an evaluation found.</summary>
/// <param name="Matrix">All counts.</param>
/// <param name="Shown">Some images with their labels and with what was predicted.</param>
/// <param name="Labels">The labels of all images.</param>
/// <param name="Subject">What was measured, for titles.</param>
/// <param name="Stages">How long each stage was the limit.</param>
internal sealed record EvaluationResult(
    ConfusionMatrix Matrix, IReadOnlyList<MosaicTile> Shown, LabelCounts Labels, string Subject, StageTimes Stages)
{
    /// <summary>What is probably wrong with the labels: no sentence, or one.</summary>
    /// <param name="dataset">The split that was measured.</param>
    public IEnumerable<string> LabelDoubts(SegmentationDataset dataset) =>
        Labels.Doubt(dataset.Split, dataset.Items.Count, dataset.ClassNames) is { } doubt ? [doubt] : [];

    /// <summary>[label, prediction] counts.</summary>
    public long[,] Counts()
    {
        var counts = new long[Matrix.Classes, Matrix.Classes];
        for (int label = 0; label < Matrix.Classes; label++)
        {
            for (int prediction = 0; prediction < Matrix.Classes; prediction++)
                counts[label, prediction] = Matrix[label, prediction];
        }

        return counts;
    }
}
