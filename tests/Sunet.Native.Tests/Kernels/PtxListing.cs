using System.Text.RegularExpressions;

namespace Sunet.Native.Tests.Kernels;

/// <summary>The instructions of a PTX text, kernel by kernel.</summary>
internal sealed partial class PtxListing
{
    public PtxListing(string text)
    {
        Target = TargetLine().Match(text).Groups[1].Value;
        Externals = [.. ExternalLine().Matches(text).Select(m => m.Value)];
        foreach (Match entry in Entry().Matches(text))
            Kernels.Add(entry.Groups[1].Value, entry.Value);
    }

    /// <summary>The architecture it is compiled for.</summary>
    public string Target { get; }

    /// <summary>Functions that somebody else would have to bring.</summary>
    public IReadOnlyList<string> Externals { get; }

    /// <summary>The text of each kernel.</summary>
    public Dictionary<string, string> Kernels { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether a kernel keeps anything in local memory: arrays that did not fit registers, arguments of calls.</summary>
    public static bool UsesLocalMemory(string kernel) => Local().IsMatch(kernel);

    /// <summary>Whether a kernel loads 16 bytes of global memory by one instruction.</summary>
    public static bool LoadsVectors(string kernel) => VectorLoad().IsMatch(kernel);

    /// <summary>Whether a kernel stores 16 bytes to global memory by one instruction.</summary>
    public static bool StoresVectors(string kernel) => VectorStore().IsMatch(kernel);

    [GeneratedRegex(@"^\.target\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex TargetLine();

    [GeneratedRegex(@"^\.extern\s+\.func.*$", RegexOptions.Multiline)]
    private static partial Regex ExternalLine();

    [GeneratedRegex(@"^\s*(?:\.visible\s+)?\.entry\s+(\w+)\s*\(.*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.local\b|__local_depot")]
    private static partial Regex Local();

    [GeneratedRegex(@"\bld\.global(?:\.\w+)*?\.v(?:4\.[bfsu]32|2\.[bfsu]64)\b")]
    private static partial Regex VectorLoad();

    [GeneratedRegex(@"\bst\.global(?:\.\w+)*?\.v(?:4\.[bfsu]32|2\.[bfsu]64)\b")]
    private static partial Regex VectorStore();
}
