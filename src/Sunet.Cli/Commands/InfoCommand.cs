using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Installation;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet info</c>.</summary>
internal static class InfoCommand
{
    private static readonly Setting[] Settings =
    [
        .. PlanSettings.Settings,
        Setting.Value("recipe", "in place of a model: show what 'train --recipe' of that name trains with") with
        {
            Choices = [.. Recipe.All.Select(recipe => recipe.Name)],
        },
        .. DeviceSettings.Settings,
        Setting.Switch("json", "one JSON object as the result"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation) => SettingCommand.Create(
        "info", "Shows a model's compiled layers, size and memory, or a recipe's settings.", Settings, values =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (values.TextOrNull("recipe") is { } recipe)
                ShowRecipe(recipe, values, output);
            else
                InfoRun.Execute(values, output);
            return ExitCodes.Success;
        })
        .WithExamples("info --model sunet64 --train --batch 22", "info --weights runs/train/exp --imgsz 360x480", "info --recipe voc");

    private static void ShowRecipe(string name, SettingValues values, CommandOutput output)
    {
        if (values.Given.FirstOrDefault(given => given is not ("recipe" or "json")) is { } other)
            throw new ConfigurationException($"'--recipe' shows the settings of a training run; leave out '--{other}'.");
        RecipeInfo.Print(Recipe.ByName(name), values.Flag("json"), output);
    }
}
