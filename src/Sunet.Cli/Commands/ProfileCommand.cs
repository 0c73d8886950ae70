using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Timing;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet profile</c>.</summary>
internal static class ProfileCommand
{
    private static readonly Setting[] Settings =
    [
        .. PlanSettings.Settings,
        .. DeviceSettings.Settings.Where(s => s.Name != "cuda-graph"),
        Setting.Value("window", "the steps a profiler looks at, as first:count", "10:5"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "profile", "Runs steps on a GPU for Nsight Systems or Nsight Compute, with the names of layers.", Settings, values =>
        {
            ProfileRun.Execute(values, output, cancellation);
            return ExitCodes.Success;
        })
        .WithExamples("profile --model sunet64 --train --batch 22 --device cuda");
}
