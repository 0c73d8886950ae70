using Sunet.Cli.Output;
using Sunet.Native;
using Sunet.Native.Checkpoints;
using Sunet.Native.Models;

namespace Sunet.Cli.Settings;

/// <summary>Which checkpoint is meant, and which weights where it has several.</summary>
internal static class WeightsSettings
{
    private const string Weights = "weights", Entry = "weights-entry", Prefix = "weights-prefix";

    /// <summary>The settings of a verb.</summary>
    /// <param name="help">What the checkpoint is to the verb.</param>
    public static IReadOnlyList<Setting> Settings(string help) =>
    [
        Setting.Value(Weights, help + ", or the folder of a training run"),
        Setting.Value(Entry, "of a PyTorch file with several sets of weights, the entry of the one meant, such as state_dict_ema"),
        Setting.Value(Prefix, "what the names of the weights meant begin with, such as teacher. (default: what usual wrappers add)"),
    ];

    /// <summary>
    /// Names the file of weights where a training run's folder is given: those of the best epoch, else the last that were saved.
    /// </summary>
    /// <exception cref="CheckpointException">The folder has neither.</exception>
    public static SettingValues InRunFolder(SettingValues values)
    {
        if (values.TextOrNull(Weights) is not { } folder || !Directory.Exists(folder))
            return values;
        string best = Path.Combine(folder, "weights", "best.safetensors"), last = Path.Combine(folder, "weights", "last.safetensors");
        if (!File.Exists(best) && !File.Exists(last))
        {
            throw new CheckpointException(
                $"The folder '{folder}' has no weights of a training run: there is neither '{best}' nor '{last}'.", folder);
        }

        return values.With((Weights, File.Exists(best) ? best : last));
    }

    /// <summary>Opens the checkpoint, whose weights stay in the file until they are wanted, and says what had to be decided.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or no SUNet.</exception>
    public static SunetModelFile Open(SettingValues values, CommandOutput output, int? outputStride = null)
    {
        SunetModelFile file = SunetModelFile.Open(values.Text(Weights), outputStride, Selection(values));
        Note(file, output);
        return file;
    }

    /// <summary>Loads the checkpoint and says what had to be decided.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or no SUNet.</exception>
    public static SunetModel Load(SettingValues values, CommandOutput output)
    {
        using SunetModelFile file = Open(values, output);
        return SunetModel.Load(file);
    }

    /// <summary>Refuses settings that say which weights of no checkpoint are meant.</summary>
    /// <exception cref="ConfigurationException">One was given without a checkpoint.</exception>
    public static void RefuseIdle(SettingValues values)
    {
        if (values.TextOrNull(Weights) is null && new[] { Entry, Prefix }.FirstOrDefault(values.IsGiven) is { } idle)
            throw new ConfigurationException($"'--{idle}' says which weights of a checkpoint are meant; give it with '--{Weights}'.");
    }

    private static WeightsSelection Selection(SettingValues values) => new(values.TextOrNull(Entry), values.TextOrNull(Prefix));

    private static void Note(SunetModelFile file, CommandOutput output)
    {
        if (file.Notes.Count > 0)
            output.Progress("note: " + string.Join("; ", file.Notes));
    }
}
