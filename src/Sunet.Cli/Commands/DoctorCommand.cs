using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Installation;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet doctor</c>.</summary>
internal static class DoctorCommand
{
    private static readonly Setting[] Settings = [Setting.Switch("json", "one JSON object as the result")];

    public static Command Create(CommandOutput output) => SettingCommand.Create(
        "doctor", "Shows what this installation runs on, and whether it computes.", Settings,
        values => DoctorRun.Execute(values.Flag("json"), output))
        .WithExamples("doctor");
}
