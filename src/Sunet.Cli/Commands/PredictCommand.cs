using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Prediction;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet predict</c>.</summary>
internal static class PredictCommand
{
    private static readonly Setting[] Settings =
    [
        .. WeightsSettings.Settings("checkpoint"),
        Setting.Value("source", "an image, a folder of images, a pattern such as 'photos/*.jpg', or a list of images (.txt), whose "
            + "extensions may be left out; '-' for raw frames from standard input"),
        .. FrameSettings.Settings,
        DecodingSettings.Workers,
        DecodingSettings.PixelCap,
        .. PredictionSettings.Settings,
        Setting.Switch("probabilities", "write the class probabilities as .npy, float32 [classes, height, width]"),
        Setting.Switch("overlay", "write the classes' colours over the image", fallback: true),
        Setting.Switch("legend", "name the classes that appear below the overlay"),
        Setting.Switch("activations", "draw the strongest feature map of every level of the network"),
        Setting.Value("submission", "write label maps only, named and numbered as a benchmark's server takes them: voc or cityscapes") with
        {
            Choices = ["voc", "cityscapes"],
        },
        Setting.Value("project", "where run folders are made", "runs/predict"),
        Setting.Value("name", "the run folder's name", "exp"),
        Setting.Switch("exist-ok", "use an existing run folder"),
        .. DeviceSettings.Settings,
        Setting.Switch("json", "one JSON object as the result: for each image its files, size and the share of each class"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "predict", "Segments images.", Settings,
        values => PredictRun.Execute(PredictSettings.From(WeightsSettings.InRunFolder(values)), output, cancellation))
        .Requiring("weights", "source")
        .WithExamples(
            "predict --weights runs/train/exp --source photos",
            "predict --weights best.pt --source - --size 1280x720 --format rgb24",
            "predict --weights best.safetensors --source test.txt --submission voc");
}
