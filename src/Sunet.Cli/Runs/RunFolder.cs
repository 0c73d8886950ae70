using System.Globalization;
using Sunet.Native;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs;

/// <summary>The folder of one run, such as <c>runs/train/exp2</c>.</summary>
internal static class RunFolder
{
    /// <summary>
    /// Creates a folder that no other run has, be it an earlier one or one that begins at the same time: <c>name</c>, <c>name2</c>, and so
    /// on.
    /// </summary>
    /// <param name="project">Where runs lie.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="existOk">Whether an existing folder of that very name is used.</param>
    /// <exception cref="CheckpointException">It cannot be created.</exception>
    public static string Create(string project, string name, bool existOk)
    {
        if (name.Length == 0 || name.IndexOfAny(['/', '\\']) >= 0 || name is "." or "..")
            throw new ConfigurationException($"'--name' is '{name}' where a plain folder name is needed.");
        string path = Path.GetFullPath(Path.Combine(project, name));
        if (existOk)
        {
            DurableFile.CreateFolder(path);
            return path;
        }

        for (int number = 2; !DurableFile.TryCreateFolder(path); number++)
            path = Path.GetFullPath(Path.Combine(project, name + number.ToString(CultureInfo.InvariantCulture)));
        return path;
    }

    /// <summary>Creates a folder within a run's, where it is missing.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="relative">The path within it; empty for the run's folder itself.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="CheckpointException">It cannot be created, or a symbolic link leads out of the run's folder.</exception>
    public static string CreateWithin(string folder, string relative)
    {
        string path = Path.Combine(folder, relative);
        try
        {
            OutputFolder.RequireNoLinks(folder, relative);
        }
        catch (IOException failure)
        {
            throw new CheckpointException($"Nothing is written to '{path}': {failure.Message}; remove the link.", path, failure);
        }

        DurableFile.CreateFolder(path);
        return path;
    }
}
