using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet calibrate</c>.</summary>
internal static class CalibrateCommand
{
    private static readonly Setting[] Settings =
    [
        Setting.Value("data", "data set: " + DatasetReader.KnownLayouts),
        .. WeightsSettings.Settings("checkpoint of a segmenter"),
        Setting.Value("out", "the file to write"),
        Setting.Value("split", "the part of the data set that statistics are taken of", "train") with { Choices = LabelSettings.Splits },
        Setting.Value("imgsz", "image: a side, or height x width (default: the size that most images have)"),
        Setting.Value("batch", "images in a batch", "4"),
        Setting.Value("iters", "batches (default: 100, or all images once where they are fewer)") with
        {
            Group = SettingGroups.Input,
        },
        PredictionSettings.Settings.Single(s => s.Name == "output-stride"),
        Setting.Value("workers", "threads that load data (default: half of the processors)"),
        DecodingSettings.Memory,
        DecodingSettings.PixelCap,
        .. DeviceSettings.Settings,
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "calibrate", "Takes a model's running statistics anew, at the size it is used at.", Settings, values =>
        {
            CalibrateRun.Execute(WeightsSettings.InRunFolder(values), output, cancellation);
            return ExitCodes.Success;
        })
        .Requiring("data", "weights", "out")
        .WithExamples("calibrate --data camvid --weights runs/train/exp --out new.safetensors");
}
