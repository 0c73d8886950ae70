using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Timing;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet bench</c> and <c>sunet bench compare</c>.</summary>
internal static class BenchCommand
{
    private static readonly Setting[] Settings =
    [
        .. PlanSettings.Settings,
        .. DeviceSettings.Settings,
        .. LoaderBench.Settings,
        .. BenchRun.Settings.Grouping(SettingGroups.Measuring, "iters", "warmup"),
        Setting.Switch("json", "one JSON object as the result"),
    ];

    private static readonly Setting[] CompareSettings =
    [
        .. PlanSettings.Settings.Where(s => s.Name != "train"),
        .. DeviceSettings.Settings.Where(s => s.Name is "threads" or "winograd" or "float16" or "precision"),
        Setting.Value("iters", "predictions timed of each; the ratio is that of their medians", "20") with
        {
            Group = SettingGroups.Measuring,
        },
        Setting.Value("warmup", "predictions of each before that", "3") with { Group = SettingGroups.Measuring },
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Value("contender", "the one of the two that this process loads and runs once") with { IsHidden = true },
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation)
    {
        Verb command = SettingCommand.Create(
            "bench", "Times a model, layer by layer, on noise; or the loading of a data set.", Settings, values =>
            {
                if (LoaderBench.IsWanted(values))
                    LoaderBench.Execute(values, output, cancellation);
                else
                    BenchRun.Execute(values, output, cancellation);
                return ExitCodes.Success;
            })
            .WithExamples("bench --model sunet64 --imgsz 512 --roofline layers.png", "bench --data camvid --batch 8");
        command.Add(CreateCompare(output, cancellation));
        return command;
    }

    private static Verb CreateCompare(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "compare", "Times a segmenter's prediction on the CPU against ONNX Runtime, taking turns.", CompareSettings, values =>
        {
            if (values.IsGiven("contender"))
                ColdStart.Execute(values, output);
            else
                CompareRun.Execute(values, output, cancellation);
            return ExitCodes.Success;
        })
        .WithExamples("bench compare --model sunet64 --imgsz 512");
}
