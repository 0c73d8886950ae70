using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>What a run folder tells of its run without the data it was trained on.</summary>
/// <param name="Folder">The full path of the run folder.</param>
/// <param name="Settings">The settings, by name, in their order.</param>
/// <param name="Results">The numbers of its epochs.</param>
/// <param name="Environment">What it was trained with, by name; empty where the folder does not tell.</param>
internal sealed record RunRecord(
    string Folder, IReadOnlyDictionary<string, string> Settings, ResultsTable Results,
    IReadOnlyList<(string Name, string Value)> Environment)
{
    /// <summary>The weights of the best epoch.</summary>
    public string Weights => Path.Combine(Folder, "weights", "best.safetensors");

    /// <summary>The name of the run folder.</summary>
    public string Name { get; } = Path.GetFileName(Folder);

    /// <summary>Reads a run folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="DataException">There is no such folder, it is none of a run, or the run has finished no epoch.</exception>
    /// <exception cref="ConfigurationException">Its settings are damaged.</exception>
    public static RunRecord Read(string folder)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), file = Path.Combine(path, SettingsFile.FileName);
        if (!Directory.Exists(path))
            throw new DataException($"There is no run folder '{folder}'.", folder);
        if (!File.Exists(file))
            throw new DataException($"'{folder}' is no folder of a training run: it has no {SettingsFile.FileName}.", folder);
        return new RunRecord(path, SettingsFile.Read(file), ResultsTable.Read(path), EnvironmentFile.Read(path));
    }

    /// <summary>A setting, or what it is where the run's settings do not have it.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="fallback">What it is by default.</param>
    public string Setting(string name, string fallback) => Settings.GetValueOrDefault(name, fallback);
}
