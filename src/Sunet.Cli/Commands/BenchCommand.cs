using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet bench</c>.</summary>
internal static class BenchCommand
{
    private static readonly Setting[] Settings =
    [
        .. PlanSettings.Settings,
        .. DeviceSettings.Settings,
        .. LoaderBench.Settings,
        Setting.Value("iters", "steps timed; times are medians over them", "20"),
        Setting.Value("warmup", "steps before that", "3"),
        Setting.Value("csv", "a file to write the table of layers to"),
        Setting.Switch("json", "one JSON object as the result"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "bench", "Times a model, layer by layer, on noise; or the loading of a data set.", Settings, values =>
        {
            if (LoaderBench.IsWanted(values))
                LoaderBench.Execute(values, output, cancellation);
            else
                BenchRun.Execute(values, output, cancellation);
            return ExitCodes.Success;
        });
}
