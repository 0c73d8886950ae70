namespace Sunet.Native.Interop.Loading;

/// <summary>Says what a system loader's message means and what to install.</summary>
internal static class NativeLoadError
{
    private const string Missing = ": cannot open shared object file";

    /// <summary>One sentence for a library that exists at <paramref name="path"/> and does not load.</summary>
    public static string Describe(string path, string loaderMessage)
    {
        string? dependency = MissingDependency(loaderMessage);
        if (dependency is null)
            return $"{path} could not be loaded: {LastLine(loaderMessage)}";
        return $"{path} needs {dependency}, which the system does not have: {Remedy(dependency)}";
    }

    /// <summary>The library the loader could not find for another, or null if that is not what happened.</summary>
    public static string? MissingDependency(string loaderMessage)
    {
        int end = loaderMessage.IndexOf(Missing, StringComparison.Ordinal);
        if (end < 0)
            return null;
        int start = loaderMessage.LastIndexOfAny(['\n', ' ', '\t'], end) + 1;
        string name = loaderMessage[start..end];
        return name.Contains('/', StringComparison.Ordinal) || name.Length == 0 ? null : name;
    }

    private static string Remedy(string dependency)
    {
        if (dependency.StartsWith("libdnnl.so.", StringComparison.Ordinal))
        {
            string version = dependency["libdnnl.so.".Length..];
            return $"install oneDNN {version}.x (on Debian and Ubuntu the package libdnnl{version}), or rebuild the library with build.sh "
                   + "against the oneDNN that is installed.";
        }

        return dependency.StartsWith("libgomp.so.", StringComparison.Ordinal)
            ? "install the OpenMP runtime (on Debian and Ubuntu the package libgomp1)."
            : "install the package that provides it.";
    }

    private static string LastLine(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "the system gave no reason." : lines[^1];
    }
}
