using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Runs.Training;

/// <summary>What a recipe begins with.</summary>
internal enum RecipeStart
{
    /// <summary>Fresh weights.</summary>
    Nothing,

    /// <summary>A classifier's features; without them the recipe trains too, to a worse end.</summary>
    Classifier,

    /// <summary>A whole segmenter, without which the recipe makes no sense.</summary>
    Segmenter,
}

/// <summary>The settings of an experiment, under a name.</summary>
/// <param name="Name">In kebab case.</param>
/// <param name="Summary">What it trains and where its numbers are from.</param>
/// <param name="Head">What is trained.</param>
/// <param name="Start">What it begins with.</param>
/// <param name="Values">Its settings; all others are left to their defaults.</param>
internal sealed record Recipe(
    string Name, string Summary, SunetHead Head, RecipeStart Start, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>The word in place of a name that lists all recipes.</summary>
    public const string Help = "help";

    // Section 7.2; the authors' code has the momentum of batch-norm as 0.01, which is the paper's decay of 0.99.
    private static readonly Dictionary<string, string> Segmentation = new()
    {
        ["output-stride"] = "16",
        ["batch"] = "22",
        ["imgsz"] = "512",
        ["lr"] = "0.0002",
        ["momentum"] = "0.95",
        ["nesterov"] = Setting.Off,
        ["weight-decay"] = "0.0001",
        ["schedule"] = "cosine",
        ["bn-momentum"] = "0.01",
        ["freeze-bn"] = Setting.Off,
        ["final-lr-multiplier"] = "10",
        ["scale-min"] = "0.5",
        ["scale-max"] = "2",
        ["rotation"] = "10",
        ["flip"] = Setting.On,
    };

    /// <summary>All there are. Of imagenet, colour, light and batch-norm's momentum are those of the authors' code.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("imagenet", "a classifier on ImageNet (paper, section 6.1)", SunetHead.Classifier, RecipeStart.Nothing,
            With(ClassificationTask.Defaults, ("epochs", "100"), ("batch", "256"), ("lr-step-size", "30"), ("lr-gamma", "0.1"),
                ("area-min", "0.08"), ("color-jitter", "0.4"), ("lighting", "0.1"), ("flip", Setting.On))),
        Segmenter("voc", "PASCAL VOC 2012 with SBD's labels, from a classifier (paper, section 7.2)", RecipeStart.Classifier,
            ("iters", "45000"), ("train-split", "trainaug")),
        Segmenter("cityscapes", "Cityscapes, from a classifier (paper, section 7.2)", RecipeStart.Classifier, ("iters", "90000")),
        Segmenter("coco-pretrain", "MS-COCO with VOC's classes, from a classifier (as voc; updates as for cityscapes)",
            RecipeStart.Classifier, ("iters", "90000")),
        Segmenter("voc-from-coco", "trainaug, from the segmenter of coco-pretrain (paper, section 7.2)", RecipeStart.Segmenter,
            ("iters", "5000"), ("lr", "0.00002"), ("train-split", "trainaug")),
        Segmenter("voc-trainval", "trainval for the test server, from a segmenter (paper, section 7.2; updates as for voc-from-coco)",
            RecipeStart.Segmenter, ("iters", "5000"), ("lr", "0.00002"), ("train-split", "trainval"), ("freeze-bn", Setting.On)),
        Segmenter("small", "a few hundred images, from nothing; not of the paper: our own, tried on CamVid", RecipeStart.Nothing,
            ("epochs", "70"), ("batch", "4"), ("imgsz", "240x320"), ("lr", "0.05"), ("momentum", "0.9"), ("nesterov", Setting.On),
            ("weight-decay", "0.0005"), ("warmup", "200"), ("bn-momentum", "0.05"), ("final-lr-multiplier", "1"), ("scale-min", "0.6"),
            ("scale-max", "1.6"), ("rotation", "5"), ("calibrate", "20")),
    ];

    /// <summary>The recipe of a name.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static Recipe ByName(string name) => All.FirstOrDefault(r => r.Name == name) ?? throw new ConfigurationException(
        $"There is no recipe '{name}'; choose one of {string.Join(", ", All.Select(r => r.Name))}."
        + $"{DidYouMean.Sentence(name, All.Select(r => r.Name))}");

    /// <summary>Settings, and below them those of the recipe.</summary>
    public SettingValues Over(SettingValues values) => TrainSettings.WithTaskDefaults(values.Over(Values, SettingSource.Recipe), Head);

    /// <summary>Refuses what does not go with the recipe.</summary>
    /// <param name="values">The settings of the run, those of the recipe among them.</param>
    /// <param name="head">What the data is for.</param>
    /// <exception cref="ConfigurationException">The data is of another kind, or weights are missing.</exception>
    public void Check(SettingValues values, SunetHead head)
    {
        if (head != Head)
        {
            throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture,
                $"The recipe '{Name}' trains a {Word(Head)} and '{values.Text("data")}' is a data set for a {Word(head)}."));
        }

        if (Start == RecipeStart.Segmenter && values.TextOrNull("weights") is null)
            throw new ConfigurationException($"The recipe '{Name}' goes on from a segmenter; name its checkpoint with '--weights'.");
    }

    /// <summary>Refuses a checkpoint that the recipe cannot go on from.</summary>
    /// <exception cref="CheckpointException">The recipe needs a segmenter and this is none.</exception>
    public void Check(SunetSpec weights, string path)
    {
        if (Start == RecipeStart.Segmenter && weights.Head != SunetHead.Segmenter)
        {
            throw new CheckpointException(
                $"The recipe '{Name}' goes on from a segmenter, and checkpoint '{path}' is a {Word(weights.Head)}.", path);
        }
    }

    /// <summary>What a user should know about a run that begins without weights; null where all is well.</summary>
    public string? Advice(SettingValues values) => Start == RecipeStart.Classifier && values.TextOrNull("weights") is null
        ? $"note: the recipe '{Name}' fine-tunes a classifier; without '--weights' training starts from nothing"
        : null;

    /// <summary>What a head makes of a network.</summary>
    public static string Word(SunetHead head) => head == SunetHead.Classifier ? "classifier" : "segmenter";

    private static Recipe Segmenter(
        string name, string summary, RecipeStart start, params ReadOnlySpan<(string Name, string Value)> changes) =>
        new(name, summary, SunetHead.Segmenter, start, With(Segmentation, changes));

    private static Dictionary<string, string> With(
        IReadOnlyDictionary<string, string> common, params ReadOnlySpan<(string Name, string Value)> changes)
    {
        var values = new Dictionary<string, string>(common);
        foreach ((string setting, string value) in changes)
            values[setting] = value;
        return values;
    }
}
