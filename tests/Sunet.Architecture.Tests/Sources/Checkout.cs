using System.Xml.Linq;
using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Reading;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>A checkout of the repository: its sources, and the assemblies that were built from them.</summary>
internal sealed class Checkout
{
    /// <summary>The variable that names another checkout to read.</summary>
    public const string RootVariable = "SUNET_ARCHITECTURE_ROOT";

    private const string Solution = "Sunet.Native.sln";

    private readonly Lazy<IReadOnlyList<AssemblyModel>> _assemblies;

    private Checkout(string root)
    {
        Root = root;
        Projects = [.. Directory.GetFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];
        _assemblies = new(() => [.. Projects.Select(ReadAssembly)]);
    }

    /// <summary>The checkout that the tests were built in.</summary>
    public static Checkout Own { get; } = new(FindRoot());

    /// <summary>The checkout that the tests look at: their own, unless the environment names another.</summary>
    public static Checkout Current { get; } = Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } other
        ? new Checkout(Path.GetFullPath(other))
        : Own;

    /// <summary>The folder with the solution.</summary>
    public string Root { get; }

    /// <summary>The projects under src/, sorted.</summary>
    public IReadOnlyList<string> Projects { get; }

    /// <summary>The assemblies of the projects.</summary>
    public IReadOnlyList<AssemblyModel> Assemblies => _assemblies.Value;

    /// <summary>The path of a project's assembly in artifacts/bin, of the configuration of the tests where that was built.</summary>
    public string AssemblyPath(string project)
    {
        XDocument settings = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        string name = settings.Descendants("AssemblyName").FirstOrDefault()?.Value ?? project;
        string own = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        IEnumerable<string> folders = new[] { own, "release", "debug" }.Select(c => Path.Combine(Root, "artifacts/bin", project, c));
        return folders.Select(f => Path.Combine(f, name + ".dll")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{project} has no assembly in {Root}/artifacts/bin: build the solution first.");
    }

    /// <summary>The files under some folders with some extensions, relative to the root, with forward slashes.</summary>
    public IReadOnlyList<SourceFile> Files(IEnumerable<string> folders, params string[] extensions) =>
    [
        .. folders.Select(f => Path.Combine(Root, f)).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => extensions.Contains(Path.GetExtension(f)))
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(f => new SourceFile(f, File.ReadAllText(Path.Combine(Root, f)))),
    ];

    private AssemblyModel ReadAssembly(string project)
    {
        AssemblyModel assembly = AssemblyReader.Read(project, AssemblyPath(project), Root, "src/" + project);
        return assembly with { Usings = Usings.Read(project, assembly.Rooms, Files(["src/" + project], ".cs")) };
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, Solution)))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {Solution}.");
    }
}
