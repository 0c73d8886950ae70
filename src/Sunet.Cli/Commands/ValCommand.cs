using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet val</c>.</summary>
internal static class ValCommand
{
    private static readonly Setting[] Settings =
    [
        Setting.Value("data", "data set: " + DatasetReader.KnownLayouts + "; for a classifier a folder in the layout of ImageNet"),
        .. WeightsSettings.Settings("checkpoint"),
        Setting.Value("split", "the part of the data set", "val") with { Choices = LabelSettings.Splits },
        Setting.Value("limit", "at most that many images"),
        .. LabelSettings.Settings,
        DecodingSettings.Workers,
        DecodingSettings.PixelCap,
        .. PredictionSettings.Settings,
        .. StrategyRun.Settings,
        .. ClassifierVal.Settings,
        .. DeviceSettings.Settings,
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "val", "Measures a model on a data set.", Settings, values =>
        {
            ValRun.Execute(ValSettings.From(WeightsSettings.InRunFolder(values)), output, cancellation);
            return ExitCodes.Success;
        })
        .Requiring("data", "weights")
        .WithExamples(
            "val --data camvid --weights runs/train/exp",
            "val --data camvid --weights best.safetensors --split test --flip",
            "val --data VOCdevkit --weights best.safetensors --strategies paper")
        .WithRemarks(Evaluation.Definition, ClassifierEvaluation.Definition);
}
