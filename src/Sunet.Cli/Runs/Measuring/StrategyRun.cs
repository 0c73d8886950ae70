using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>Measures a checkpoint under several ways to look at images: a row of the paper's tables each.</summary>
internal static class StrategyRun
{
    /// <summary>The setting that asks for a table.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("strategies", "compare ways to look at images: paper, cityscapes, or such as single,multi+flip,os8+multi,crops") with
        {
            Choices = ["paper", "cityscapes"],
        },
    ];

    /// <summary>What a strategy decides itself.</summary>
    private static readonly string[] Decided = ["scales", "flip", "crop", "crop-stride", "crop-base", "output-stride"];

    /// <summary>The list of strategies; null where there is none.</summary>
    /// <exception cref="ConfigurationException">The list is no good, or a setting contradicts it.</exception>
    public static string? Read(SettingValues values)
    {
        if (values.TextOrNull("strategies") is not { } list)
            return null;
        if (Decided.FirstOrDefault(values.IsGiven) is { } decided)
            throw new ConfigurationException($"'--{decided}' contradicts '--strategies': every strategy has its own.");
        _ = EvaluationStrategy.ParseList(list, PredictionSettings.Options(values));
        return list;
    }

    /// <summary>Passes over the data once a strategy, and prints a table.</summary>
    /// <exception cref="SunetException">Data are no good, or a strategy does not fit the model or the memory.</exception>
    public static void Execute(ValSettings settings, IReadOnlyList<EvaluationStrategy> strategies, SunetModel model,
        SegmentationDataset data, IBackend backend, CommandOutput output, CancellationToken cancellation)
    {
        int total = Math.Min(settings.Limit, data.Items.Count);
        var results = new List<(EvaluationStrategy Strategy, ConfusionMatrix Matrix)>();
        IEnumerable<string> doubts = [];
        StageTimes? stages = null;
        using (ProgressLine line = output.StartProgress((long)total * strategies.Count, settings.Quiet))
        {
            foreach (EvaluationStrategy strategy in strategies)
            {
                SunetModel strided = strategy.OutputStride is { } stride ? model.WithOutputStride(stride) : model;
                using var predictor = new Predictor(strided, strategy.Options, backend);
                long before = (long)total * results.Count;
                EvaluationResult result = Evaluation.Run(predictor, data, settings.PixelCap, settings.Limit, shown: 0,
                    done => line.Report(before + done, "images", strategy.Name), cancellation, settings.Workers);
                results.Add((strategy, result.Matrix));
                doubts = result.LabelDoubts(data);
                stages = stages?.Plus(result.Stages) ?? result.Stages;
            }
        }

        output.Warnings(doubts);
        if (!settings.Quiet)
            output.Progress(stages!.Text);
        if (settings.Json)
            output.Json(json => Write(json, settings, results, stages!, total));
        else
            Print(output, results, total);
    }

    private static void Print(CommandOutput output, List<(EvaluationStrategy Strategy, ConfusionMatrix Matrix)> results, int images)
    {
        var table = new TextTable("strategy", ">mIoU", ">aAcc", ">mAcc");
        foreach ((EvaluationStrategy strategy, ConfusionMatrix matrix) in results)
        {
            table.Add(strategy.Name, Numbers.Percent(matrix.MeanIntersectionOverUnion), Numbers.Percent(matrix.PixelAccuracy),
                Numbers.Percent(matrix.MeanAccuracy));
        }

        output.Table(table);
        output.Result($"images {images}");
    }

    private static void Write(
        Utf8JsonWriter json, ValSettings settings, List<(EvaluationStrategy Strategy, ConfusionMatrix Matrix)> results, StageTimes stages,
        int images)
    {
        json.WriteString("weights", settings.Weights);
        json.WriteString("data", settings.Data);
        json.WriteString("split", settings.Split);
        json.WriteNumber("images", images);
        json.WriteStartArray("strategies");
        foreach ((EvaluationStrategy strategy, ConfusionMatrix matrix) in results)
        {
            json.WriteStartObject();
            json.WriteString("name", strategy.Name);
            Evaluation.WriteMeans(json, matrix);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        stages.Write(json);
        json.WriteString("definition", Evaluation.Definition);
    }
}
