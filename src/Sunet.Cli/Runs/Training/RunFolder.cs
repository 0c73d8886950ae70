using System.Globalization;
using Sunet.Native;
using Sunet.Native.Checkpoints;

namespace Sunet.Cli.Runs.Training;

/// <summary>The folder of one run, such as <c>runs/train/exp2</c>.</summary>
internal static class RunFolder
{
    /// <summary>Creates a folder that no earlier run has used: <c>name</c>, <c>name2</c>, and so on.</summary>
    /// <param name="project">Where runs lie.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="existOk">Whether an existing folder of that very name is used.</param>
    /// <exception cref="CheckpointException">It cannot be created.</exception>
    public static string Create(string project, string name, bool existOk)
    {
        if (name.Length == 0 || name.IndexOfAny(['/', '\\']) >= 0 || name is "." or "..")
            throw new ConfigurationException($"'--name' is '{name}' where a plain folder name is needed.");
        string path = Path.GetFullPath(Path.Combine(project, name));
        for (int number = 2; !existOk && Path.Exists(path); number++)
            path = Path.GetFullPath(Path.Combine(project, name + number.ToString(CultureInfo.InvariantCulture)));
        DurableFile.CreateFolder(path);
        return path;
    }
}
