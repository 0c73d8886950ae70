using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>What to measure, and on what.</summary>
internal sealed record ValSettings(
    SettingValues Values, string Data, string Weights, string Split, int Limit, PredictorOptions Predictor, int? OutputStride,
    string? Strategies, bool Json, bool Quiet)
{
    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; } = DecodingSettings.WorkersOf(Values);

    /// <summary>The most pixels of an image.</summary>
    public long PixelCap { get; } = DecodingSettings.PixelCapOf(Values);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="Sunet.Native.ConfigurationException">One is missing or out of range.</exception>
    public static ValSettings From(SettingValues values) => new(
        values, values.Text("data"), values.Text("weights"), values.Text("split"),
        values.IsGiven("limit") ? values.Int("limit", 1) : int.MaxValue,
        PredictionSettings.Options(values), PredictionSettings.OutputStride(values), StrategyRun.Read(values), values.Flag("json"),
        values.Flag("quiet"));
}

/// <summary>Measures a checkpoint on a split of a data set.</summary>
internal static class ValRun
{
    /// <summary>Measures, and prints the classes' IoU and the means.</summary>
    /// <exception cref="Sunet.Native.SunetException">Checkpoint or data are no good, or do not go together.</exception>
    public static void Execute(ValSettings settings, CommandOutput output, CancellationToken cancellation)
    {
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        SunetModel model = WeightsSettings.Load(settings.Values, output);
        if (model.Spec.Head == SunetHead.Classifier)
        {
            ClassifierVal.Execute(settings, model, device, output, cancellation);
            return;
        }

        ClassifierVal.RefuseSettings(settings.Values);
        SegmentationDataset data = DatasetReader.Open(
            settings.Data, settings.Split, LabelSettings.Options(settings.Values), cancellation);
        model = ModelFile.Segmenter(model, settings.Weights, settings.OutputStride);
        ModelFile.RequireClasses(model, settings.Weights, settings.Data, data.ClassCount);
        int total = Math.Min(settings.Limit, data.Items.Count);
        if (!settings.Quiet)
            output.Progress(device.Line);
        output.Notes(data.Notes);
        ModelFile.NoteNames(model, data.ClassNames, output);

        if (settings.Strategies is { } strategies)
        {
            StrategyRun.Execute(
                settings, EvaluationStrategy.ParseList(strategies, settings.Predictor), model, data, device.Backend, output, cancellation);
            return;
        }

        using var predictor = new Predictor(model, settings.Predictor, device.Backend);
        EvaluationResult result;
        using (ProgressLine line = output.StartProgress(total, settings.Quiet))
        {
            result = Evaluation.Run(
                predictor, data, settings.PixelCap, settings.Limit, shown: 0, done => line.Report(done, "images", ""), cancellation,
                settings.Workers);
        }

        output.Warnings(result.LabelDoubts(data));
        if (!settings.Quiet)
            output.Progress(result.Stages.Text);
        if (settings.Json)
            output.Json(json => Write(json, settings, data, result, total));
        else
            Print(output, data, result.Matrix, total);
    }

    private static void Print(CommandOutput output, SegmentationDataset data, ConfusionMatrix matrix, int images)
    {
        var table = new TextTable("class", ">IoU");
        for (int c = 0; c < data.ClassCount; c++)
            table.Add(data.ClassNames[c], Numbers.Percent(matrix.IntersectionOverUnion(c)));
        output.Table(table);
        output.Result($"images {images}  mIoU {Numbers.Percent(matrix.MeanIntersectionOverUnion)}  "
            + $"aAcc {Numbers.Percent(matrix.PixelAccuracy)}  mAcc {Numbers.Percent(matrix.MeanAccuracy)}");
    }

    private static void Write(Utf8JsonWriter json, ValSettings settings, SegmentationDataset data, EvaluationResult result, int images)
    {
        ConfusionMatrix matrix = result.Matrix;
        json.WriteString("weights", settings.Weights);
        json.WriteString("data", settings.Data);
        json.WriteString("split", settings.Split);
        json.WriteNumber("images", images);
        Evaluation.WriteMeans(json, matrix);
        json.WriteStartArray("classes");
        for (int c = 0; c < data.ClassCount; c++)
        {
            json.WriteStartObject();
            json.WriteString("name", data.ClassNames[c]);
            json.WritePercent("IoU", matrix.IntersectionOverUnion(c));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        result.Stages.Write(json);
        json.WriteString("definition", Evaluation.Definition);
    }
}
