using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Files;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Synthetic;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet data synth</c>, <c>sunet data check</c> and <c>sunet data convert</c>.</summary>
internal static class DataCommand
{
    private static readonly Setting[] SynthSettings =
    [
        Setting.Value("out", "the folder to make"),
        Setting.Value("train", "training images", "200") with { Group = SettingGroups.Data },
        Setting.Value("val", "validation images", "40"),
        Setting.Value("size", "a side, or height x width", "96x128"),
        Setting.Value("seed", "the same seed writes the same bytes", "0") with { Group = SettingGroups.Data },
        Setting.Switch("quiet", "no progress"),
    ];

    private static readonly Setting[] CheckSettings =
    [
        Data,
        .. LabelSettings.Settings,
        DecodingSettings.PixelCap,
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Switch("quiet", "no progress"),
    ];

    private static readonly Setting[] ConvertSettings =
    [
        Data,
        Setting.Value("out", "the folder to make, in the layout of PASCAL VOC"),
        Setting.Value("split", "the parts to convert, separated by commas; all without it") with { Choices = LabelSettings.Splits },
        Setting.Value("colour-map", "for masks in colours: a file of names and colours, with lines such as 'road:128,64,128'; a "
            + "labelmap.txt in the data set is found without it"),
        Setting.Switch("exist-ok", "overwrite a data set that is there, or go on with one that was interrupted"),
        .. LabelSettings.Settings,
        Setting.Value("workers", "threads that convert; one a core without it"),
        DecodingSettings.Memory,
        DecodingSettings.PixelCap,
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => new("data", "Makes, checks, converts data sets.")
    {
        SettingCommand.Create("synth", "Writes a small data set to try training on.", SynthSettings,
            values => Synth(values, output, cancellation))
            .Requiring("out").WithExamples("data synth --out coins --train 200 --val 40"),
        SettingCommand.Create("check", "Reads every file of a data set and lists what is wrong.", CheckSettings,
            DatasetReader.KnownLayouts + "; or a folder in the layout of ImageNet", "data",
            values => CheckRun.Execute(values, output, cancellation))
            .WithExamples("data check camvid"),
        SettingCommand.Create("convert", "Writes a data set in the layout of PASCAL VOC.", ConvertSettings,
            DatasetReader.KnownLayouts, "data", values =>
        {
            ConvertRun.Execute(values, output, cancellation);
            return ExitCodes.Success;
        })
        .Requiring("out")
        .WithExamples("data convert labelled --out voc --colour-map labelmap.txt"),
    };

    /// <summary>The data set as other verbs take it, for who writes it as there.</summary>
    private static Setting Data => Setting.Value("data", "the data set, in place of the argument");

    private static int Synth(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        (int height, int width) = values.Size("size");
        string folder = values.Text("out");
        var settings = new SyntheticSettings
        {
            TrainImages = values.Int("train", 1),
            ValImages = values.Int("val", 1),
            Height = height,
            Width = width,
            Seed = values.Seed("seed"),
        };
        using (var line = new DatasetProgressLine(output, values.Flag("quiet")))
            SyntheticDataset.Write(folder, settings, line, cancellation);
        output.Result($"wrote {Counted.Text(settings.TrainImages, "training images")} and "
            + $"{Counted.Text(settings.ValImages, "validation images")}, "
            + $"{Counted.Text(SyntheticDataset.ClassNames.Count, "classes")}: {folder}");
        return ExitCodes.Success;
    }
}
