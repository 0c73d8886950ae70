using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet info</c>.</summary>
internal static class InfoCommand
{
    private static readonly Setting[] Settings =
    [
        .. PlanSettings.Settings,
        .. DeviceSettings.Settings,
        Setting.Switch("json", "one JSON object as the result"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "info", "Shows a model's compiled layers, size and memory.", Settings, values =>
        {
            cancellation.ThrowIfCancellationRequested();
            InfoRun.Execute(values, output);
            return ExitCodes.Success;
        });
}
