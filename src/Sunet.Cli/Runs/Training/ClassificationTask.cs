using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Training;

/// <summary>Trains a classifier; the best epoch is that of the lowest top-1 error.</summary>
internal sealed class ClassificationTask : ITrainingTask
{
    private readonly ClassificationDataset training, validation;
    private readonly ClassificationLoaderSettings loader, measuring;

    /// <summary>Opens both splits; nothing is decoded.</summary>
    /// <exception cref="SunetException">A setting is out of range, or a split is missing, empty or damaged.</exception>
    public ClassificationTask(SettingValues values, CancellationToken cancellation)
    {
        (int height, int width) = values.Size("imgsz");
        var augmentation = new ClassificationAugmentation(height, width)
        {
            AreaMin = values.Number("area-min", 0),
            ColorJitter = values.Number("color-jitter", 0),
            Lighting = values.Number("lighting", 0),
            Flip = values.Flag("flip"),
        };
        loader = TrainingLoader.Complete(values, new ClassificationLoaderSettings(values.Int("batch", 1), augmentation));
        measuring = ClassifierEvaluation.Loader(loader.BatchSize, (height, width), loader.Normalization) with
        {
            Workers = loader.Workers,
            PixelCap = loader.PixelCap,
            DecodeBytes = loader.DecodeBytes,
        };
        training = DatasetReader.OpenClassification(values.Text("data"), values.Text("train-split"), cancellation);
        validation = DatasetReader.OpenClassification(values.Text("data"), values.Text("val-split"), cancellation);
    }

    /// <summary>The settings that only a classifier has.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("area-min", "classifier: smallest share of an image's area in a random crop", "0.08"),
        Setting.Value("color-jitter", "classifier: largest random change of brightness, contrast and saturation, 0 for none", "0.4"),
        Setting.Value("lighting", "classifier: deviation of the random light along ImageNet's principal colours, 0 for none", "0.1"),
    ];

    /// <summary>What is other than for segmenters unless something else is said, as in the paper's section 6.1.</summary>
    public static IReadOnlyDictionary<string, string> Defaults { get; } = new Dictionary<string, string>
    {
        ["imgsz"] = "224",
        ["lr"] = "0.01",
        ["momentum"] = "0.9",
        ["nesterov"] = Setting.On,
        ["weight-decay"] = "0.0005",
        ["schedule"] = "step",
        ["bn-momentum"] = "0.1",
    };

    /// <inheritdoc/>
    public SunetHead Head => SunetHead.Classifier;

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

    /// <summary>Gives no doubts: that a class has no image is refused when the data is opened.</summary>
    /// <param name="cancellation">Not looked at.</param>
    public IReadOnlyList<string> LabelDoubts(CancellationToken cancellation) => [];

    /// <inheritdoc/>
    public ClassFrequencies CountClasses(Action<int> report, CancellationToken cancellation)
    {
        long[] own = new long[ClassNames.Count];
        foreach (ClassificationItem item in training.Items)
            own[item.Label]++;
        report(training.Items.Count);
        return new ClassFrequencies(own, [.. own.Select(_ => (long)training.Items.Count)]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Metric> Metrics { get; } = [new("top1_error", false), new("top5_error", false)];

    /// <inheritdoc/>
    public int Workers => loader.Workers;

    /// <inheritdoc/>
    public BatchLoader OpenLoader() => new(training, loader);

    /// <inheritdoc/>
    public (SunetGraph Network, string Images) LargestValidation(SunetSpec spec)
    {
        var batch = new Shape(measuring.BatchSize, 3, measuring.Augmentation.CropHeight, measuring.Augmentation.CropWidth);
        SunetGraph network = SunetGraph.ForInference(spec, batch);
        network.AppendProbabilities();
        return (network, $"batches of {batch}");
    }

    /// <summary>Is 0: a classifier is measured on images of the size it is trained on.</summary>
    public int CalibrationBatches => 0;

    /// <inheritdoc/>
    public Shape? CalibrationImages => null;

    /// <inheritdoc/>
    public void Calibrate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public Validation Validate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation)
    {
        using var classifier = new ImageClassifier(model, backend);
        TopKErrors errors = ClassifierEvaluation.Run(classifier, validation, measuring, int.MaxValue, report, cancellation);
        return new Validation([100 * errors.Top1Error, 100 * errors.Top5Error], _ => { });
    }
    /// <inheritdoc/>
    public string? WriteReport(
        string folder, SplitMeasures? best, IBackend backend, Action<string> report, CancellationToken cancellation) => null;
}
