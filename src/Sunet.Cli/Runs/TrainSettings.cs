using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs;

/// <summary>How a run trains.</summary>
internal sealed record TrainSettings
{
    private const double FineTuningMultiplier = 10;
    private const long Mebibyte = 1 << 20;

    /// <summary>The settings that make a run what it is; they are saved with it.</summary>
    public static IReadOnlyList<Setting> RunSettings { get; } =
    [
        Setting.Value("data", "data set: " + DatasetReader.KnownLayouts),
        .. ModelSettings.Settings,
        Setting.Value("weights", "checkpoint to fine-tune from"),
        Setting.Value("epochs", "passes over the data (default 100)"),
        Setting.Value("iters", "updates, in place of --epochs"),
        Setting.Value("batch", "images in a batch", "8"),
        Setting.Value("imgsz", "crop: a side, or height x width", "512"),
        Setting.Value("lr", "learning rate", "0.0002"),
        Setting.Value("momentum", "momentum", "0.95"),
        Setting.Switch("nesterov", "look ahead"),
        Setting.Value("weight-decay", "weight decay", "0.0001"),
        Setting.Value("schedule", "cosine, step, poly or constant", "cosine"),
        Setting.Value("warmup", "updates over which the learning rate rises", "0"),
        Setting.Value("bn-momentum", "weight of a batch in the running statistics", "0.01"),
        Setting.Switch("freeze-bn", "keep the running statistics as they are"),
        Setting.Value("accumulate", "batches averaged for one update", "1"),
        Setting.Value("final-lr-multiplier", "times the learning rate for the last layer's weights, and twice that for its bias "
            + "(default 10 with --weights, else 1: one rate for all)"),
        Setting.Value("scale-min", "smallest random scale", "0.5"),
        Setting.Value("scale-max", "largest random scale", "2"),
        Setting.Value("rotation", "largest random rotation in degrees", "10"),
        Setting.Switch("flip", "mirror half of the samples", fallback: true),
        Setting.Value("workers", "threads that load data (default: half of the processors)"),
        Setting.Value("cache", "MiB of decoded images kept in memory", "0"),
        .. DeviceSettings.Settings,
        Setting.Value("seed", "the same seed gives the same weights", "0"),
        Setting.Value("val-every", "epochs between validations", "1"),
        Setting.Value("save-every", "epochs between checkpoints", "1"),
        Setting.Value("project", "where run folders are made", "runs/train"),
        Setting.Value("name", "the run folder's name", "exp"),
        Setting.Switch("exist-ok", "use an existing run folder"),
    ];

    /// <summary>As they were resolved.</summary>
    public required SettingValues Values { get; init; }

    public required string Data { get; init; }

    public required string? Weights { get; init; }

    public required int? Epochs { get; init; }

    public required int? Iterations { get; init; }

    public required double FinalMultiplier { get; init; }

    public required ulong Seed { get; init; }

    public required int ValidateEvery { get; init; }

    public required int SaveEvery { get; init; }

    public required string Project { get; init; }

    public required string Name { get; init; }

    public required bool ExistOk { get; init; }

    public required BatchLoaderSettings Loader { get; init; }

    /// <summary>Without the schedule, which depends on the length of the run, and the memory limit, which depends on the device.</summary>
    public required TrainerOptions Trainer { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="ConfigurationException">One is missing, out of range or contradicts another.</exception>
    public static TrainSettings From(SettingValues values)
    {
        if (values.IsGiven("epochs") && values.IsGiven("iters"))
            throw new ConfigurationException("'--epochs' and '--iters' both say how long to train; give one of them.");
        _ = values.Choice("schedule", "cosine", "step", "poly", "constant");
        string? weights = values.TextOrNull("weights");
        double usual = weights is null ? 1 : FineTuningMultiplier;
        double multiplier = values.IsGiven("final-lr-multiplier") ? values.Number("final-lr-multiplier", 0) : usual;
        return new TrainSettings
        {
            Values = values,
            Data = values.Text("data"),
            Weights = weights,
            Epochs = values.IsGiven("iters") ? null : values.IsGiven("epochs") ? values.Int("epochs", 1) : 100,
            Iterations = values.IsGiven("iters") ? values.Int("iters", 1) : null,
            FinalMultiplier = multiplier,
            Seed = values.Seed("seed"),
            ValidateEvery = values.Int("val-every", 1),
            SaveEvery = values.Int("save-every", 1),
            Project = values.Text("project"),
            Name = values.Text("name"),
            ExistOk = values.Flag("exist-ok"),
            Loader = LoaderOf(values),
            Trainer = TrainerOf(values, multiplier),
        };
    }

    /// <summary>The learning rate over a run of so many updates.</summary>
    public LearningRateSchedule Schedule(long steps)
    {
        const int Drops = 3;
        LearningRateSchedule schedule = Values.Text("schedule") switch
        {
            "step" => new StepSchedule(Math.Max(1, (steps + Drops - 1) / Drops)),
            "poly" => new PolynomialSchedule(steps),
            "constant" => new ConstantSchedule(),
            _ => new CosineSchedule(steps),
        };
        int warmUp = Values.Int("warmup", 0);
        return warmUp == 0 ? schedule : new WarmUpSchedule(warmUp, schedule);
    }

    private static BatchLoaderSettings LoaderOf(SettingValues values)
    {
        (int height, int width) = values.Size("imgsz");
        var augmentation = new AugmentationSettings(height, width)
        {
            ScaleMin = (float)values.Number("scale-min", 0),
            ScaleMax = (float)values.Number("scale-max", 0),
            RotationDegrees = (float)values.Number("rotation", 0),
            Flip = values.Flag("flip"),
        };
        var loader = new BatchLoaderSettings(values.Int("batch", 1), augmentation)
        {
            Seed = values.Seed("seed"),
            CacheBytes = values.Int("cache", 0) * Mebibyte,
        };
        loader = values.IsGiven("workers") ? loader with { Workers = values.Int("workers", 1) } : loader;
        loader.Validate();
        return loader;
    }

    private static TrainerOptions TrainerOf(SettingValues values, double multiplier)
    {
        var sgd = new SgdOptions
        {
            LearningRate = values.Number("lr", 0),
            Momentum = (float)values.Number("momentum", 0),
            Nesterov = values.Flag("nesterov"),
            WeightDecay = (float)values.Number("weight-decay", 0),
            Groups = multiplier == 1 ? [] : Groups((float)multiplier),
        };
        sgd.Validate();
        return new TrainerOptions
        {
            Sgd = sgd,
            BatchNormMomentum = (float)values.Number("bn-momentum", 0),
            FrozenBatchNorm = values.Flag("freeze-bn"),
            Accumulate = values.Int("accumulate", 1),
        };
    }

    private static ParameterGroup[] Groups(float multiplier) =>
    [
        .. ParameterGroup.FineTuning.Select(group => group with
        {
            LearningRateMultiplier = group.LearningRateMultiplier / (float)FineTuningMultiplier * multiplier,
        }),
    ];
}
