using System.Runtime.CompilerServices;

namespace Sunet.Cli.Tests;

/// <summary>
/// The program on a machine whose GPU is emulated: a process of its own, because the libraries of this one are found already.
/// </summary>
internal static class Emulated
{
    /// <summary>Where the emulator lies under the names of the real libraries.</summary>
    public static string Folder { get; } = Path.Combine(Root(), "artifacts", "native", "emulator");

    /// <summary>Runs a command; more folders are looked in before the emulator's.</summary>
    public static CommandResult Run(string[] args, params string[] folders)
    {
        var environment = new Dictionary<string, string>
        {
            ["SUNET_NATIVE_PATH"] = string.Join(Path.PathSeparator, [.. folders, Folder]),
            ["SUNET_EMULATOR_VERBOSE"] = "1",
        };
        CommandResult result = CommandResult.OfProcess(environment, args);

        // The emulator tells every rule of the libraries that is broken on standard error.
        Assert.DoesNotContain("violation", result.Error, StringComparison.Ordinal);
        return result;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
