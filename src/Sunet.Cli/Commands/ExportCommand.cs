using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Files;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet export</c>.</summary>
internal static class ExportCommand
{
    private static readonly Setting[] Settings =
    [
        .. WeightsSettings.Settings("checkpoint"),
        Setting.Value("format", "onnx, or safetensors", "onnx") with { Choices = ["onnx", "safetensors"] },
        Setting.Value("out", "the file to write (default: beside the weights, with the format's ending)"),
        PredictionSettings.Settings.Single(s => s.Name == "output-stride"),
        Setting.Switch("fold", "ONNX: make batch normalisations behind convolutions part of their weights", fallback: true),
        Setting.Switch("verify", "ONNX: run the file in ONNX Runtime and compare it with the model"),
        Setting.Value("sizes", "input sizes to verify at, height x width, separated by commas", "97x143,128x96"),
        Setting.Value("threads", "threads to verify with; 0 takes all that the process may use", "0"),
        Setting.Switch("json", "one JSON object as the result"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "export", "Writes a model as a file for other programs.", Settings, values =>
        {
            ExportRun.Execute(ExportSettings.From(WeightsSettings.InRunFolder(values)), output, cancellation);
            return ExitCodes.Success;
        })
        .Requiring("weights")
        .WithExamples(
            "export --weights runs/train/exp --verify",
            "export --weights checkpoint.pth.tar --format safetensors");
}
