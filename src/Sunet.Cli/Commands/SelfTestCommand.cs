using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Installation;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet selftest</c>.</summary>
internal static class SelfTestCommand
{
    private static readonly Setting[] Settings =
    [
        .. DeviceSettings.Choice,
        Setting.Value("precision", "float32, tf32 (GPU), bf16, or all that the device has, one after the other (default: all)") with
        {
            Choices = [.. DeviceSettings.Precisions, "all"],
        },
        .. DeviceSettings.Tuning,
        Setting.Switch("quick", "fewer shapes and one network"),
        Setting.Value("only", "checks to make, separated by commas: op, layer, golden, training, or names that a run prints") with
        {
            Choices = ["op", "layer", "golden", "training"],
        },
        Setting.Switch("json", "one JSON object as the result"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "selftest", "Checks every op, whole networks and training on a device against known values.", Settings,
        values => SelfTestRun.Execute(values, output, cancellation))
        .WithExamples("selftest --device cuda", "selftest --device cpu --only training");
}
