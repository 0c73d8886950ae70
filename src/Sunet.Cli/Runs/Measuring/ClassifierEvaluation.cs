using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Loading;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>Compares a classifier's classes with those of a data set, on centre crops.</summary>
internal static class ClassifierEvaluation
{
    /// <summary>How the metrics are defined, in one line.</summary>
    public const string Definition =
        "top1_error, top5_error: share of images whose label is not the likeliest class, not among the five likeliest; in percent, over "
        + "the centre crop of every image of the split, equal scores ranked by class index.";

    /// <summary>How images are read for measuring: in the split's order, resized by 256 / 224 of the crop and cut at the centre.</summary>
    /// <param name="batch">Images in a batch; nothing but speed and memory depends on it.</param>
    /// <param name="crop">The crop's height and width.</param>
    /// <param name="normalization">The model's.</param>
    public static ClassificationLoaderSettings Loader(int batch, (int Height, int Width) crop, ImageNormalization normalization) =>
        new(batch, new ClassificationAugmentation(crop.Height, crop.Width) { Enabled = false })
        {
            Shuffle = false,
            FillLast = true,
            Normalization = normalization,
        };

    /// <summary>Classifies every item and counts errors.</summary>
    /// <param name="classifier">Of a model with the data set's classes.</param>
    /// <param name="dataset">What to compare with.</param>
    /// <param name="settings">From <see cref="Loader"/>.</param>
    /// <param name="limit">At most that many items of the split, from its first.</param>
    /// <param name="report">Told how many items are done.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="Sunet.Native.SunetException">An item cannot be read, or a batch does not fit into memory.</exception>
    public static TopKErrors Run(
        ImageClassifier classifier, ClassificationDataset dataset, ClassificationLoaderSettings settings, int limit, Action<int> report,
        CancellationToken cancellation)
    {
        int classes = dataset.ClassCount, total = Math.Min(limit, dataset.Items.Count);
        var errors = new TopKErrors(classes);
        var probabilities = new float[settings.BatchSize * classes];
        using var loader = new BatchLoader(dataset, settings);
        for (int index = 0; errors.Images < total; index++)
        {
            TrainingBatch batch = loader.Read(index, cancellation);
            classifier.Probabilities(batch.Images, loader.ImageShape, probabilities);
            for (int i = 0; i < settings.BatchSize && errors.Images < total; i++)
                errors.Add(probabilities.AsSpan(i * classes, classes), batch.Labels[i]);
            loader.Return(batch);
            report((int)errors.Images);
        }

        return errors;
    }
}
