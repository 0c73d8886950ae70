using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>Measures a classifier on a split of a data set.</summary>
internal static class ClassifierVal
{
    /// <summary>The settings that only a classifier has.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("batch", "classifier: images in a batch", "16"),
        Setting.Value("imgsz", "classifier: the centre crop, a side or height x width", "224"),
        DecodingSettings.Memory with { Help = "classifier: " + DecodingSettings.Memory.Help },
    ];

    /// <summary>Refuses settings of a classifier where there is none.</summary>
    /// <exception cref="ConfigurationException">One is given.</exception>
    public static void RefuseSettings(SettingValues values) => Refuse(values, Settings, "a classifier", "a segmenter");

    /// <summary>Measures, and prints the errors.</summary>
    /// <exception cref="SunetException">Checkpoint or data are no good, or do not go together.</exception>
    public static void Execute(
        ValSettings settings, SunetModel model, OpenDevice device, CommandOutput output, CancellationToken cancellation)
    {
        SettingValues values = settings.Values;
        Refuse(values, [.. PredictionSettings.Settings, .. StrategyRun.Settings, .. LabelSettings.Settings], "a segmenter", "a classifier");
        ClassificationDataset data = DatasetReader.OpenClassification(settings.Data, settings.Split, cancellation);
        ModelFile.RequireClasses(model, settings.Weights, settings.Data, data.ClassCount);
        ClassificationLoaderSettings loader = DecodingSettings.Apply(
            values, ClassifierEvaluation.Loader(values.Int("batch", 1), values.Size("imgsz"), model.Spec.Normalization));
        if (!settings.Quiet)
            output.Progress(device.Line);
        output.Notes(data.Notes);
        ModelFile.NoteNames(model, data.ClassNames, output);

        using var classifier = new ImageClassifier(model, device.Backend);
        TopKErrors errors;
        using (ProgressLine line = output.StartProgress(Math.Min(settings.Limit, data.Items.Count), settings.Quiet))
        {
            errors = ClassifierEvaluation.Run(
                classifier, data, loader, settings.Limit, done => line.Report(done, "images", ""), cancellation);
        }

        if (settings.Json)
            output.Json(json => Write(json, settings, errors));
        else
            Print(output, errors);
    }

    private static void Print(CommandOutput output, TopKErrors errors)
    {
        var table = new TextTable(">images", ">top1_error", ">top5_error");
        table.Add(Numbers.Grouped(errors.Images), Numbers.Percent(errors.Top1Error), Numbers.Percent(errors.Top5Error));
        output.Table(table);
    }

    private static void Write(Utf8JsonWriter json, ValSettings settings, TopKErrors errors)
    {
        json.WriteString("weights", settings.Weights);
        json.WriteString("data", settings.Data);
        json.WriteString("split", settings.Split);
        json.WriteNumber("images", errors.Images);
        json.WritePercent("top1_error", errors.Top1Error);
        json.WritePercent("top5_error", errors.Top5Error);
        json.WriteString("definition", ClassifierEvaluation.Definition);
    }

    private static void Refuse(SettingValues values, IReadOnlyList<Setting> settings, string owner, string model)
    {
        if (settings.FirstOrDefault(setting => values.IsGiven(setting.Name)) is { } given)
            throw new ConfigurationException($"'--{given.Name}' is for {owner}, and the checkpoint is {model}; leave it out.");
    }
}
