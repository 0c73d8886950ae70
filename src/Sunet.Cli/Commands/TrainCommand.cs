using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet train</c>.</summary>
internal static class TrainCommand
{
    // What does not change a bit of the result may change on resume.
    private static readonly string[] ChangeableOnResume = ["workers", "cache", "pixel-cap", "decode-memory"];

    private static readonly Setting[] InvocationSettings =
    [
        Setting.Value("config", "a file of settings, such as a run's args.yaml"),
        Setting.Value("resume", "a run folder to continue, to the bit"),
        Setting.Switch("dry-run", "compile, print settings, where they come from, and memory, and stop"),
        Setting.Switch("quiet", "no progress"),
    ];

    private static readonly IReadOnlyList<Setting> Settings =
    [
        .. TrainSettings.RunSettings
            .Changing(setting => setting with { Requirement = "required, but for --config or --resume" }, "data")
            .Choosing("recipe", [.. Recipe.All.Select(recipe => recipe.Name), Recipe.Help])
            .Choosing("schedule", TrainSettings.Schedules)
            .Choosing("train-split", LabelSettings.Splits)
            .Choosing("val-split", LabelSettings.Splits),
        .. InvocationSettings,
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "train", "Trains a segmenter or a classifier, as its data has it.", Settings, given =>
        {
            SettingValues run = given.Of(TrainSettings.RunSettings);
            if (run.TextOrNull("recipe") == Recipe.Help)
            {
                RecipeInfo.PrintAll(output);
                return ExitCodes.Success;
            }

            string? resume = given.TextOrNull("resume");
            (run, Recipe? recipe) = resume is null ? Configured(run, given.TextOrNull("config")) : (Resumed(run, given, resume), null);
            run = WeightsSettings.InRunFolder(run);
            TrainRun.Execute(run, recipe, new TrainRequest(resume, given.Flag("dry-run"), given.Flag("quiet")), output, cancellation);
            return ExitCodes.Success;
        })
        .WithExamples(
            "train --data camvid",
            "train --data VOCdevkit --recipe voc --weights sunet64.safetensors",
            "train --resume runs/train/exp")
        .WithRemarks(Evaluation.Definition, ClassifierEvaluation.Definition);

    private static (SettingValues Run, Recipe? Recipe) Configured(SettingValues run, string? file)
    {
        if (file is not null)
            run = run.Over(SettingsFile.Read(file, TrainSettings.RunSettings), SettingSource.File);
        if (run.TextOrNull("recipe") is not { } name)
            return (run, null);
        Recipe recipe = Recipe.ByName(name);
        return (recipe.Over(run), recipe);
    }

    private static SettingValues Resumed(SettingValues run, SettingValues given, string folder)
    {
        if (given.IsGiven("config"))
            throw new ConfigurationException("'--resume' continues a run with its own settings; leave out '--config'.");
        if (run.Given.FirstOrDefault(name => !ChangeableOnResume.Contains(name)) is { } changed)
            throw new ConfigurationException($"'--resume' continues a run as it began; leave out '--{changed}'.");
        string file = Path.Combine(folder, SettingsFile.FileName);
        if (!File.Exists(file))
            throw new CheckpointException($"There is no run to resume in '{folder}': it has no {SettingsFile.FileName}.", folder);
        return run.Over(SettingsFile.Read(file, TrainSettings.RunSettings), SettingSource.File);
    }
}
