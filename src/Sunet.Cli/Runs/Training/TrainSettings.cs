using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Native;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>How a run trains.</summary>
internal sealed record TrainSettings
{
    private const double FineTuningMultiplier = 10;
    private const double UsualDrop = 0.1;
    private static readonly string[] StepScheduleOnly = ["lr-step-size", "lr-gamma"];

    /// <summary>The names of the learning rate's schedules, as they are given.</summary>
    public static string[] Schedules { get; } = ["cosine", "step", "poly", "constant"];

    /// <summary>The settings that make a run what it is; they are saved with it.</summary>
    public static IReadOnlyList<Setting> RunSettings { get; } =
    [
        Setting.Value("recipe", "settings of an experiment by name; 'help' lists them"),
        Setting.Value("data", "data set: " + DatasetReader.KnownLayouts + "; for a classifier a folder in the layout of ImageNet"),
        Setting.Value("train-split", "the part of the data set to train on", "train"),
        Setting.Value("val-split", "the part of the data set to validate on", "val"),
        .. ModelSettings.Settings,
        .. WeightsSettings.Settings("checkpoint to fine-tune from"),
        Setting.Value("epochs", "passes over the data (default 100)") with { Replaces = ["iters"] },
        Setting.Value("iters", "updates, in place of --epochs") with { Replaces = ["epochs"] },
        Setting.Value("batch", "images in a batch", "8"),
        Setting.Value("imgsz", "crop: a side, or height x width", "512"),
        Setting.Value("lr", "learning rate", "0.0002"),
        Setting.Value("momentum", "momentum", "0.95"),
        Setting.Switch("nesterov", "look ahead"),
        Setting.Value("weight-decay", "weight decay", "0.0001"),
        Setting.Value("schedule", "cosine, step, poly or constant", "cosine") with { Replaces = StepScheduleOnly },
        Setting.Value("lr-step-size", "schedule step: epochs between two drops (default: a third of the run)"),
        Setting.Value("lr-gamma", "schedule step: the factor of a drop (default 0.1)"),
        Setting.Value("warmup", "updates over which the learning rate rises", "0"),
        Setting.Value("bn-momentum", "weight of a batch in the running statistics", "0.01"),
        Setting.Switch("freeze-bn", "keep the running statistics as they are"),
        Setting.Value("accumulate", "batches averaged for one update", "1"),
        Setting.Value("ema", "decay of an average of the weights, such as 0.999, which is validated and saved in their place", "0"),
        ClassWeighting.Setting,
        Setting.Value("label-smoothing", "share of every target that is spread over all classes, such as 0.1", "0"),
        Setting.Value("clip-norm", "largest norm of the gradients, to which larger ones are scaled down; 0 sets no limit", "0"),
        Setting.Value("final-lr-multiplier", "times the learning rate for the last layer's weights, and twice that for its bias "
            + "(default 10 with --weights, else 1: one rate for all)"),
        .. SegmentationTask.Settings,
        .. ClassificationTask.Settings,
        Setting.Switch("flip", "mirror half of the samples", fallback: true),
        Setting.Value("workers", "threads that load data (default: half of the processors)"),
        DecodingSettings.Memory,
        DecodingSettings.PixelCap,
        .. DeviceSettings.Settings,
        Setting.Value("seed", "the same seed gives the same weights", "0"),
        Setting.Value("val-every", "epochs between validations", "1"),
        Setting.Value("save-every", "epochs between checkpoints", "1"),
        Setting.Value("patience", "end after this many epochs without a better score; 0 never ends before its time", "0"),
        Setting.Value("project", "where run folders are made", "runs/train"),
        Setting.Value("name", "the run folder's name", "exp"),
        Setting.Switch("exist-ok", "use an existing run folder"),
    ];

    /// <summary>The settings as they were resolved.</summary>
    public required SettingValues Values { get; init; }

    /// <summary>What is trained.</summary>
    public required SunetHead Head { get; init; }

    /// <summary>The recipe that is followed; null for none, and where a run goes on.</summary>
    public required Recipe? Recipe { get; init; }

    public required string Data { get; init; }

    public required string? Weights { get; init; }

    public required int? Epochs { get; init; }

    public required int? Iterations { get; init; }

    public required double FinalMultiplier { get; init; }

    public required ulong Seed { get; init; }

    public required int ValidateEvery { get; init; }

    public required int SaveEvery { get; init; }

    public required int Patience { get; init; }

    /// <summary>Whether an average of the weights is validated and saved in their place.</summary>
    public bool UsesAverage => Trainer.AverageDecay > 0;

    public required string Project { get; init; }

    public required string Name { get; init; }

    public required bool ExistOk { get; init; }

    /// <summary>Without the schedule, which depends on the length of the run, and the memory limit, which depends on the device.</summary>
    public required TrainerOptions Trainer { get; init; }

    /// <summary>The settings that say something where one head is trained.</summary>
    public static IReadOnlyList<Setting> RunSettingsOf(SunetHead head)
    {
        string[] foreign = Foreign(head);
        return [.. RunSettings.Where(s => !foreign.Contains(s.Name))];
    }

    /// <summary>What the data of a run is for.</summary>
    /// <exception cref="ConfigurationException">No data is named.</exception>
    /// <exception cref="DataException">There is nothing where it should be.</exception>
    public static SunetHead HeadFor(SettingValues values)
    {
        string data = Path.GetFullPath(values.Text("data"));
        if (!Path.Exists(data))
            throw new DataException($"'{data}' is not there.", data);
        return DatasetReader.KindOf(data) == DatasetKind.Classification ? SunetHead.Classifier : SunetHead.Segmenter;
    }

    /// <summary>Settings, and below all of them the defaults of what is trained where those are not the usual ones.</summary>
    public static SettingValues WithTaskDefaults(SettingValues values, SunetHead head) =>
        head == SunetHead.Classifier ? values.Over(ClassificationTask.Defaults, SettingSource.Default) : values;

    /// <summary>Reads the settings.</summary>
    /// <param name="values">The settings.</param>
    /// <param name="head">What the data is for.</param>
    /// <param name="recipe">The recipe among them; null for none, and where a run goes on.</param>
    /// <exception cref="ConfigurationException">One is missing, out of range or contradicts another or the data.</exception>
    public static TrainSettings From(SettingValues values, SunetHead head, Recipe? recipe)
    {
        values = WithTaskDefaults(values, head);
        recipe?.Check(values, head);
        if (Foreign(head).FirstOrDefault(values.IsGiven) is { } foreign)
        {
            throw new ConfigurationException(
                $"'--{foreign}' says nothing for a {Recipe.Word(head)}, which '{values.Text("data")}' is a data set for.");
        }

        if (values.IsGiven("epochs") && values.IsGiven("iters"))
            throw new ConfigurationException("'--epochs' and '--iters' both say how long to train; give one of them.");
        string schedule = values.Choice("schedule", Schedules);
        if (schedule != "step" && StepScheduleOnly.FirstOrDefault(values.IsGiven) is { } other)
            throw new ConfigurationException($"'--{other}' is for '--schedule step'; the schedule is {schedule}.");
        WeightsSettings.RefuseIdle(values);
        string? weights = values.TextOrNull("weights");
        double usual = weights is null ? 1 : FineTuningMultiplier;
        double multiplier = values.IsGiven("final-lr-multiplier") ? values.Number("final-lr-multiplier", 0) : usual;
        return new TrainSettings
        {
            Values = values,
            Head = head,
            Recipe = recipe,
            Data = values.Text("data"),
            Weights = weights,
            Epochs = values.IsGiven("iters") ? null : values.IsGiven("epochs") ? values.Int("epochs", 1) : 100,
            Iterations = values.IsGiven("iters") ? values.Int("iters", 1) : null,
            FinalMultiplier = multiplier,
            Seed = values.Seed("seed"),
            ValidateEvery = values.Int("val-every", 1),
            SaveEvery = values.Int("save-every", 1),
            Patience = values.Int("patience", 0),
            Project = values.Text("project"),
            Name = values.Text("name"),
            ExistOk = values.Flag("exist-ok"),
            Trainer = TrainerOf(values, multiplier),
        };
    }

    /// <summary>The settings with the weights of the classes in numbers.</summary>
    /// <param name="classes">How many classes the data has.</param>
    /// <param name="count">Counts the classes, where the weights follow from that.</param>
    /// <exception cref="ConfigurationException">The weights are out of range, or not as many as classes.</exception>
    public TrainSettings WithClassWeights(int classes, Func<ClassFrequencies> count)
    {
        SettingValues values = ClassWeighting.InNumbers(Values, count);
        LossOptions loss = Trainer.Loss with { ClassWeights = ClassWeighting.Of(values) };
        loss.Validate(classes);
        return this with { Values = values, Trainer = Trainer with { Loss = loss } };
    }

    /// <summary>The updates of the run.</summary>
    /// <param name="stepsPerEpoch">Updates in a pass over the data.</param>
    public long Steps(int stepsPerEpoch) => Iterations ?? (long)Epochs!.Value * stepsPerEpoch;

    /// <summary>How much the run does on a number of images.</summary>
    public RunLength LengthOn(int images)
    {
        int epoch = Math.Max(1, images / Values.Int("batch", 1) / Trainer.Accumulate);
        long steps = Steps(epoch), epochs = (steps + epoch - 1) / epoch;
        return new RunLength(steps * Trainer.Accumulate, (epochs + ValidateEvery - 1) / ValidateEvery);
    }

    /// <summary>The learning rate over a run.</summary>
    /// <param name="stepsPerEpoch">Updates in a pass over the data.</param>
    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    public LearningRateSchedule Schedule(int stepsPerEpoch)
    {
        long steps = Steps(stepsPerEpoch);
        LearningRateSchedule schedule = Values.Text("schedule") switch
        {
            "step" => StepSchedule(steps, stepsPerEpoch),
            "poly" => LearningRateSchedule.Polynomial(steps),
            "constant" => LearningRateSchedule.Constant(),
            _ => LearningRateSchedule.Cosine(steps),
        };
        int warmUp = Values.Int("warmup", 0);
        return warmUp == 0 ? schedule : schedule.WithWarmUp(warmUp);
    }

    private static string[] Foreign(SunetHead head) => head == SunetHead.Segmenter
        ? [.. ClassificationTask.Settings.Select(s => s.Name)]
        : [.. SegmentationTask.Settings.Select(s => s.Name), .. ModelSettings.SegmenterOnly];

    private LearningRateSchedule StepSchedule(long steps, int stepsPerEpoch)
    {
        const int Parts = 3;
        long every = Values.IsGiven("lr-step-size")
            ? (long)Values.Int("lr-step-size", 1) * stepsPerEpoch
            : Math.Max(1, (steps + Parts - 1) / Parts);
        return LearningRateSchedule.Step(every, Values.IsGiven("lr-gamma") ? Values.Number("lr-gamma", 0) : UsualDrop);
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
        double averageDecay = values.Number("ema", 0);
        WeightAverage.Validate(averageDecay);
        return new TrainerOptions
        {
            Sgd = sgd,
            BatchNormMomentum = (float)values.Number("bn-momentum", 0),
            FrozenBatchNorm = values.Flag("freeze-bn"),
            Accumulate = values.Int("accumulate", 1),
            AverageDecay = averageDecay,
            MaxGradientNorm = (float)values.Number("clip-norm", 0),
            Loss = new LossOptions
            {
                LabelSmoothing = (float)values.Number("label-smoothing", 0),
                DiceWeight = (float)values.Number(SegmentationTask.Dice, 0),
            },
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
