using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>Trains a segmenter; the best epoch is that of the highest mIoU.</summary>
internal sealed class SegmentationTask : ITrainingTask
{
    private const long Mebibyte = 1 << 20;
    private readonly SegmentationDataset training, validation;
    private readonly BatchLoaderSettings loader;
    private readonly string path;
    private readonly DatasetOptions labels;

    /// <summary>Reads the settings of loading and calibration; nothing is decoded.</summary>
    /// <exception cref="SunetException">A setting is out of range.</exception>
    public SegmentationTask(SettingValues values, SegmentationSplits splits, RunLength length)
    {
        (int height, int width) = values.Size("imgsz");
        var augmentation = new AugmentationSettings(height, width)
        {
            ScaleMin = (float)values.Number("scale-min", 0),
            ScaleMax = (float)values.Number("scale-max", 0),
            RotationDegrees = (float)values.Number("rotation", 0),
            Flip = values.Flag("flip"),
        };
        loader = TrainingLoader.Complete(values, new BatchLoaderSettings(values.Int("batch", 1), augmentation)
        {
            CacheBytes = values.Int("cache", 0) * Mebibyte,
        });
        (training, validation) = splits;
        (path, labels) = (values.Text("data"), LabelSettings.Options(values));
        CalibrationPlan calibration = CalibrationPlan.For(values, loader, validation, length);
        CalibrationBatches = calibration.Batches;
        CalibrationImages = calibration.Images;
    }

    /// <summary>The name of the setting that weighs the Dice loss.</summary>
    public const string Dice = "dice";

    /// <summary>The settings that only a segmenter has.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("scale-min", "smallest random scale", "0.5"),
        Setting.Value("scale-max", "largest random scale", "2"),
        Setting.Value("rotation", "largest random rotation in degrees", "10"),
        Setting.Value(Dice, "weight of the Dice loss beside the cross-entropy; 0 leaves it out", "0"),
        Setting.Value("calibrate", "batches of whole training images that running statistics are taken of before weights are measured; "
            + "auto takes as many as cost a twentieth of the training; 0 leaves those of the crops", CalibrationPlan.Auto),
        Setting.Value("cache", "MiB of decoded images kept in memory", "0"),
        .. LabelSettings.Settings,
    ];

    /// <inheritdoc/>
    public SunetHead Head => SunetHead.Segmenter;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => training.ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> TrainingImages => [.. training.Items.Select(i => i.Name)];

    /// <inheritdoc/>
    public int ValidationCount => validation.Items.Count;

    /// <inheritdoc/>
    public int SharedCount => validation.Items.IntersectBy(training.Items.Select(i => i.ImagePath), i => i.ImagePath).Count();

    /// <inheritdoc/>
    public IReadOnlyList<string> DataNotes => [.. training.Notes, .. validation.Notes];

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelDoubts(CancellationToken cancellation) =>
        [.. new[] { training, validation }.Select(split => Doubt(split, cancellation)).OfType<string>()];

    /// <inheritdoc/>
    public ClassFrequencies CountClasses(Action<int> report, CancellationToken cancellation)
    {
        long[] own = new long[ClassNames.Count], around = new long[ClassNames.Count];
        var buffers = new SampleBuffers();
        for (int i = 0; i < training.Items.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            LabelCounts counts = LabelCounts.Of(training.Items[i], loader.PixelCap, buffers);
            long all = Enumerable.Range(0, own.Length).Sum(c => counts[(byte)c]);
            for (int c = 0; c < own.Length; c++)
            {
                own[c] += counts[(byte)c];
                around[c] += counts[(byte)c] > 0 ? all : 0;
            }

            report(i + 1);
        }

        return new ClassFrequencies(own, around);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Metric> Metrics { get; } = [new("mIoU", true), new("aAcc", true), new("mAcc", true)];

    /// <inheritdoc/>
    public int Workers => loader.Workers;

    /// <inheritdoc/>
    public BatchLoader OpenLoader() => new(training, loader);

    /// <inheritdoc/>
    public (SunetGraph Network, string Images) LargestValidation(SunetSpec spec)
    {
        (_, int height, int width) = MaskSizes.Sorted(validation.Items).MaxBy(i => (long)i.Height * i.Width);
        height = Math.Max(height, SunetGraph.SmallestSize);
        width = Math.Max(width, SunetGraph.SmallestSize);
        SunetGraph network = SunetGraph.ForImages(spec, new Shape(1, 3, height, width));
        network.AppendConfusionCounts();
        return (network, FormattableString.Invariant($"images up to {height}x{width}"));
    }

    /// <inheritdoc/>
    public int CalibrationBatches { get; }

    /// <inheritdoc/>
    public Shape? CalibrationImages { get; }

    /// <inheritdoc/>
    public void Calibrate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation)
    {
        Shape batch = CalibrationImages!.Value;
        using var images = new BatchLoader(training, Calibration.Loader((batch.Height, batch.Width), batch.Batch) with
        {
            Workers = loader.Workers,
            PixelCap = loader.PixelCap,
            DecodeBytes = loader.DecodeBytes,
        });

        // No limit: that its plan fits was made sure of before the first step.
        Calibration.Run(model, images, new BatchNormCalibrationOptions { Batches = CalibrationBatches }, backend, report, cancellation);
    }

    /// <inheritdoc/>
    public Validation Validate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation)
    {
        using var predictor = new Predictor(model, SplitMeasures.Options, backend);
        SplitMeasures measures = SplitMeasures.Measure(predictor, Data, Evaluation.MosaicImages, report, cancellation);
        ConfusionMatrix matrix = measures.Matrix;
        return new Validation(
            [100 * matrix.MeanIntersectionOverUnion, 100 * matrix.PixelAccuracy, 100 * matrix.MeanAccuracy],
            files => files.WritePictures(measures.Result, ClassNames))
        {
            MainPicture = TrainingFiles.PredictionMosaic,
            Measures = measures.WithoutPictures(),
        };
    }

    /// <inheritdoc/>
    public string? WriteReport(
        string folder, SplitMeasures? best, IBackend backend, Action<string> report, CancellationToken cancellation) =>
        RunReport.Write(RunRecord.Read(folder), Data, best, backend, report, cancellation);

    private ValidationData Data => new(path, training, validation, labels, loader.PixelCap);

    private static string? Doubt(SegmentationDataset split, CancellationToken cancellation) =>
        LabelCounts.Sample(split, cancellation).Doubt(split.Split, split.Items.Count, split.ClassNames);
}
