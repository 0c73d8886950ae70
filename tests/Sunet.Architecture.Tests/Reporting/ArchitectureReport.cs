using System.Globalization;
using System.Text;
using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Reading;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests.Reporting;

/// <summary>Writes the figures of a checkout's architecture as a table, so that two checkouts can be compared.</summary>
internal static class ArchitectureReport
{
    /// <summary>The folders whose lines are measured.</summary>
    public static readonly string[] CodeFolders = ["src", "native", "tests", "bench"];

    /// <summary>The extensions of the files whose lines are measured.</summary>
    public static readonly string[] CodeExtensions = [".cs", ".cpp", ".hpp", ".h", ".cu", ".cuh"];

    /// <summary>The libraries that others reference; their public types are the front door.</summary>
    public static readonly string[] Libraries = ["Sunet.Native", "Sunet.Native.Hosting", "Sunet.Data", "Sunet.Onnx"];

    /// <summary>The folders of native code whose includes are read.</summary>
    public static readonly string[] NativeFolders = ["native/cpu/src", "tests/emulator/src"];

    /// <summary>The report on a checkout, by the tables of <see cref="Rooms"/>.</summary>
    public static string Of(Checkout checkout)
    {
        StringBuilder text = new();
        foreach (AssemblyModel assembly in checkout.Assemblies)
            AddAssembly(text, checkout, assembly);
        AddNative(text, checkout);
        AddRepository(text, checkout);
        return text.ToString();
    }

    /// <summary>
    /// The number of public types that the libraries have together, but for those of one room; nested ones that can be reached count, too.
    /// </summary>
    public static int PublicTypes(Checkout checkout, string? except = null) => checkout.Assemblies.Where(a => Libraries.Contains(a.Name))
        .Sum(a => a.Types.Count(t => t.IsPublic && t.Room != except));

    private static void AddAssembly(StringBuilder text, Checkout checkout, AssemblyModel assembly)
    {
        Floors? floors = Array.Find(Rooms.All, f => f.Project == assembly.Name);
        IReadOnlyList<Arrow> up = [.. assembly.Between.Where(a => floors?.Forbids(a) == true)];
        string[] without = [.. assembly.Rooms.Where(r => floors?.Has(r) != true).Select(AssemblyModel.Label)];
        IReadOnlyList<IReadOnlyList<string>> circles = assembly.RoomCircles();
        text.AppendLine(assembly.Name);
        Row(text, "rooms", assembly.Rooms.Count);
        Row(text, "files with types", assembly.Types.SelectMany(t => t.Files).Distinct().Count());
        Row(text, "public types", assembly.Types.Count(t => t.IsPublic));
        Row(text, "internal types", assembly.Types.Count(t => !t.IsPublic));
        Row(text, "bytes of the dll", new FileInfo(checkout.AssemblyPath(assembly.Name)).Length);
        Row(text, "arrows", assembly.Arrows.Count);
        Row(text, "arrows up or between peers", up.Count, up.Select(a => a.ToString()));
        Row(text, "rooms without a place in the table", without.Length, without);
        Row(text, "circles between rooms", circles.Count, circles.Select(c => string.Join(" ", c)));
        foreach (string room in assembly.Rooms)
        {
            IReadOnlyList<IReadOnlyList<string>> inside = assembly.FileCircles(room);
            if (inside.Count > 0)
                Row(text, $"largest circle in {AssemblyModel.Label(room)}", inside[0].Count, inside.Select(c => $"{c.Count}: {Names(c)}"));
        }
        text.AppendLine();
    }

    private static void AddNative(StringBuilder text, Checkout checkout)
    {
        foreach (string folder in NativeFolders)
        {
            Includes includes = new(folder, checkout.Files([folder], CodeExtensions));
            text.AppendLine(folder);
            Row(text, "includes between folders", includes.BetweenFolders.Count);
            Row(text, "circles of folders", includes.FolderCircles.Count, includes.FolderCircles.Select(c => string.Join(" ", c)));
            Row(text, "circles of files", includes.FileCircles.Count, includes.FileCircles.Select(c => string.Join(" ", c)));
            Row(text, "circles of headers with their sources", includes.PartCircles.Count,
                includes.PartCircles.Select(c => $"{c.Count}: {Names(c)}"));
            text.AppendLine();
        }
    }

    private static void AddRepository(StringBuilder text, Checkout checkout)
    {
        IReadOnlyList<SourceFile> all = checkout.Files(CodeFolders, CodeExtensions), sources = checkout.Files(["src"], ".cs");
        text.AppendLine("repository");
        Row(text, "public types of the libraries", PublicTypes(checkout));
        Row(text, "members of IBackendSession", InterfaceMembers.Count(checkout.AssemblyPath("Sunet.Native"), "IBackendSession"));
        Row(text, "positional inputs under src", TextRules.PositionalInputs(sources));
        Row(text, $"lines over {TextRules.LongestLine}", TextRules.CountLongLines(all));
        Row(text, $"files over {TextRules.LongestFile} lines under src", TextRules.LongFiles(sources).Count);
        Row(text, "files without a type of their name", TextRules.MisnamedFiles(sources).Count);
        Row(text, "summaries that do not stand alone", TextRules.LeaningSummaries(sources).Count);
    }

    private static string Names(IEnumerable<string> files) => string.Join(" ", files.Select(Path.GetFileNameWithoutExtension));

    private static void Row(StringBuilder text, string label, long value, params IEnumerable<string> details)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"  {label,-40} {value,9}");
        foreach (string detail in details)
            text.AppendLine(CultureInfo.InvariantCulture, $"    {detail}");
    }
}
