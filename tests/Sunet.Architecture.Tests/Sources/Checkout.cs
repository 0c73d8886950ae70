using System.Xml.Linq;
using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Reading;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>A checkout of the repository: its sources, and the assemblies that were built from them.</summary>
/// <param name="root">The folder with the solution.</param>
internal sealed class Checkout(string root)
{
    /// <summary>The variable that names another checkout to read.</summary>
    public const string RootVariable = "SUNET_ARCHITECTURE_ROOT";

    private const string Solution = "Sunet.Native.sln";

    private readonly Lazy<IReadOnlyList<AssemblyModel>> _assemblies = new(() => [.. ProjectsIn(root).Select(p => ReadAssembly(root, p))]);

    /// <summary>The checkout that the tests were built in.</summary>
    public static Checkout Own { get; } = new(FindRoot());

    /// <summary>The checkout that the tests look at: their own, unless the environment names another.</summary>
    public static Checkout Current { get; } = Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } other
        ? new Checkout(Path.GetFullPath(other))
        : Own;

    /// <summary>The folder with the solution.</summary>
    public string Root => root;

    /// <summary>The projects under src/.</summary>
    public IReadOnlyList<string> Projects => ProjectsIn(root);

    /// <summary>The assemblies of the projects under src/.</summary>
    public IReadOnlyList<AssemblyModel> Assemblies => _assemblies.Value;

    /// <summary>The path of a project's assembly in artifacts/bin.</summary>
    public string AssemblyPath(string project) => FindAssembly(root, project);

    /// <summary>The files under some folders with some extensions, relative to the root, with forward slashes.</summary>
    public IReadOnlyList<SourceFile> Files(IEnumerable<string> folders, params string[] extensions) =>
    [
        .. folders.Select(f => Path.Combine(root, f)).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => extensions.Contains(Path.GetExtension(f)))
            .Select(f => Path.GetRelativePath(root, f).Replace('\\', '/'))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(f => new SourceFile(f, File.ReadAllText(Path.Combine(root, f)))),
    ];

    private static IReadOnlyList<string> ProjectsIn(string root) =>
        [.. Directory.GetFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private static AssemblyModel ReadAssembly(string root, string project) =>
        AssemblyReader.Read(project, FindAssembly(root, project), root, "src/" + project);

    private static string FindAssembly(string root, string project)
    {
        string name = XDocument.Load(Path.Combine(root, "src", project, project + ".csproj")).Descendants("AssemblyName").FirstOrDefault()?.Value ?? project;
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string[] candidates = [.. new[] { configuration, "release", "debug" }.Select(c => Path.Combine(root, "artifacts/bin", project, c, name + ".dll"))];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{project} has no assembly in {root}/artifacts/bin: build the solution first.");
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, Solution)))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {Solution}.");
    }
}
