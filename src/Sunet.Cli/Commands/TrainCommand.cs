using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet train</c>.</summary>
internal static class TrainCommand
{
    // What does not change a bit of the result may change on resume.
    private static readonly string[] ChangeableOnResume = ["workers", "cache"];

    private static readonly Setting[] InvocationSettings =
    [
        Setting.Value("config", "a file of settings, such as a run's args.yaml"),
        Setting.Value("resume", "a run folder to continue, to the bit"),
        Setting.Switch("dry-run", "compile, print settings and memory, and stop"),
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "train", "Trains a segmenter.", [.. TrainSettings.RunSettings, .. InvocationSettings], given =>
        {
            string? resume = given.TextOrNull("resume");
            SettingValues run = resume is null ? Configured(given) : Resumed(given, resume);
            TrainRun.Execute(TrainSettings.From(run), new TrainRequest(resume, given.Flag("dry-run"), given.Flag("quiet")), output, cancellation);
            return ExitCodes.Success;
        });

    private static SettingValues Configured(SettingValues given)
    {
        SettingValues run = ForRun(given);
        return given.TextOrNull("config") is { } file ? run.Over(SettingsFile.Read(file, TrainSettings.RunSettings)) : run;
    }

    private static SettingValues Resumed(SettingValues given, string folder)
    {
        if (given.IsGiven("config"))
            throw new ConfigurationException("'--resume' continues a run with its own settings; leave out '--config'.");
        SettingValues run = ForRun(given);
        if (run.Given.Keys.FirstOrDefault(name => !ChangeableOnResume.Contains(name)) is { } changed)
            throw new ConfigurationException($"'--resume' continues a run as it began; leave out '--{changed}'.");
        string file = Path.Combine(folder, SettingsFile.FileName);
        if (!File.Exists(file))
            throw new CheckpointException($"There is no run to resume in '{folder}': it has no {SettingsFile.FileName}.", folder);
        return run.Over(SettingsFile.Read(file, TrainSettings.RunSettings));
    }

    private static SettingValues ForRun(SettingValues given) => new(TrainSettings.RunSettings,
        given.Given.Where(g => TrainSettings.RunSettings.Any(s => s.Name == g.Key)).ToDictionary());
}
