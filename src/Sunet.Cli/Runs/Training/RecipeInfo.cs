using Sunet.Cli.Output;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Runs.Training;

/// <summary>Shows recipes.</summary>
internal static class RecipeInfo
{
    /// <summary>Prints all recipes, and how they differ from the defaults.</summary>
    public static void PrintAll(CommandOutput output)
    {
        foreach (Recipe recipe in Recipe.All)
        {
            output.Result($"{recipe.Name}: {recipe.Summary}");
            output.Result("    " + string.Join(' ', recipe.Values.Select(v => $"{v.Key}={v.Value}")));
        }
    }

    /// <summary>Prints everything that one recipe trains with.</summary>
    public static void Print(Recipe recipe, bool json, CommandOutput output)
    {
        SettingValues values = recipe.Over(new SettingValues(TrainSettings.RunSettingsOf(recipe.Head), new Dictionary<string, string>()));
        if (json)
        {
            output.Json(writer =>
            {
                writer.WriteString("recipe", recipe.Name);
                writer.WriteString("summary", recipe.Summary);
                writer.WriteStartObject("settings");
                foreach ((string name, string value) in values.Resolved())
                    writer.WriteString(name, value);
                writer.WriteEndObject();
            });
            return;
        }

        output.Result($"{recipe.Name}: {recipe.Summary}");
        var table = new TextTable("setting", "value", "from", "meaning");
        foreach ((string name, string value) in values.Resolved())
            table.Add(name, value, values.SourceOf(name).Word(), values.Settings.First(s => s.Name == name).Help);
        output.Table(table);
    }
}
