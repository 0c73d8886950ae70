using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Interop.Cuda;

/// <summary>Where libraries of the CUDA family may lie, read from the environment; tests give their own.</summary>
internal sealed record CudaLibrarySearch
{
    private static readonly string[] SystemFolders = ["usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib/wsl/lib", "opt/cuda/lib64"];

    /// <summary>A folder that may not be read is as good as empty.</summary>
    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    /// <summary>The value of <see cref="NativeLibraries.PathVariable"/>.</summary>
    public string? NativePath { get; init; }

    /// <summary>The folder everything absolute is under.</summary>
    public string Root { get; init; } = "/";

    /// <summary>The user's folder, where <c>pip install --user</c> puts packages.</summary>
    public string? Home { get; init; }

    /// <summary>
    /// The environments of Python that are active: virtual ones, conda's, and that of the python3 that a shell would run.
    /// </summary>
    public IReadOnlyList<string> PythonPrefixes { get; init; } = [];

    /// <summary>Where Windows keeps the CUDA toolkit and system libraries; empty elsewhere.</summary>
    public IReadOnlyList<string> WindowsFolders { get; init; } = [];

    /// <summary>This process's environment.</summary>
    public static CudaLibrarySearch Current()
    {
        List<string> windows = [];
        if (OperatingSystem.IsWindows())
        {
            if (Environment.GetEnvironmentVariable("CUDA_PATH") is { Length: > 0 } toolkit)
                windows.AddRange([Path.Combine(toolkit, "bin"), Path.Combine(toolkit, "bin", "x64")]);
            windows.Add(Environment.SystemDirectory);
        }

        return new CudaLibrarySearch
        {
            NativePath = Environment.GetEnvironmentVariable(NativeLibraries.PathVariable),
            Home = Environment.GetEnvironmentVariable("HOME"),
            PythonPrefixes =
            [
                .. new[] { Environment.GetEnvironmentVariable("VIRTUAL_ENV"), Environment.GetEnvironmentVariable("CONDA_PREFIX") }
                    .OfType<string>().Where(p => p.Length > 0),
                .. PythonOf(Environment.GetEnvironmentVariable("PATH") ?? ""),
            ],
            WindowsFolders = windows,
        };
    }

    /// <summary>
    /// The environment of the first python3 in a list of folders: one that is on the path is in use, even where no variable names it. None
    /// where there is no python3.
    /// </summary>
    public static IEnumerable<string> PythonOf(string path) => path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Where(folder => File.Exists(Path.Combine(folder, "python3")) || File.Exists(Path.Combine(folder, "python.exe")))
        .Take(1)
        .Select(folder => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
        .OfType<string>();

    /// <summary>The folders the user named; searched before the system loader is asked.</summary>
    public IReadOnlyList<string> NamedFolders()
    {
        const StringSplitOptions options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        return [.. (NativePath ?? "").Split([Path.PathSeparator, ';'], options).Select(Path.GetFullPath)];
    }

    /// <summary>Those folders that exist where toolkits, distributions and Python's packages put the libraries, in that order.</summary>
    public IReadOnlyList<string> UsualFolders()
    {
        List<string> folders = [.. WindowsFolders];
        if (Directory.Exists(Under("usr/local")))
        {
            // /usr/local/cuda is a link to the version in use, so it goes before the others; then the newest.
            folders.Add(Under("usr/local/cuda/lib64"));
            folders.AddRange(Matches(Under("usr/local"), "cuda-*").Reverse().Select(f => Path.Combine(f, "lib64")));
        }

        folders.AddRange(SystemFolders.Select(Under));
        foreach (string packages in PackageFolders())
            folders.AddRange(WheelFolders(packages));
        return [.. folders.Where(Directory.Exists).Distinct()];
    }

    /// <summary>The first of a library's files that is in one of the folders; null if none is.</summary>
    public static string? Find(CudaLibrary library, IReadOnlyList<string> folders) =>
        folders.SelectMany(folder => library.Files.Select(file => Path.Combine(folder, file))).FirstOrDefault(File.Exists);

    /// <summary>The files of other versions of a library in those folders.</summary>
    public static IReadOnlyList<string> OtherVersions(CudaLibrary library, IReadOnlyList<string> folders) =>
    [
        .. folders.Where(Directory.Exists)
            .SelectMany(f => Directory.GetFiles(f, library.Family + "*", Readable).Order(StringComparer.Ordinal)),
    ];

    private IEnumerable<string> PackageFolders()
    {
        foreach (string prefix in PythonPrefixes)
        {
            yield return Path.Combine(prefix, "Lib", "site-packages");
            foreach (string python in Matches(Path.Combine(prefix, "lib"), "python3*"))
                yield return Path.Combine(python, "site-packages");
        }

        foreach (string python in Matches(Under("usr/lib"), "python3*"))
            yield return Path.Combine(python, "dist-packages");
        foreach (string python in Matches(Under("usr/local/lib"), "python3*"))
        {
            yield return Path.Combine(python, "site-packages");
            yield return Path.Combine(python, "dist-packages");
        }

        if (Home is { Length: > 0 })
        {
            foreach (string python in Matches(Path.Combine(Home, ".local", "lib"), "python3*"))
                yield return Path.Combine(python, "site-packages");
        }
    }

    /// <summary>CUDA 13's wheels share one folder; before, and for cuDNN still, each has its own.</summary>
    private static IEnumerable<string> WheelFolders(string packages)
    {
        string nvidia = Path.Combine(packages, "nvidia");
        foreach (string wheel in Matches(nvidia, "*"))
        {
            yield return Path.Combine(wheel, "lib");
            yield return Path.Combine(wheel, "bin");
        }
    }

    private static string[] Matches(string folder, string pattern)
    {
        if (!Directory.Exists(folder))
            return [];
        string[] found = Directory.GetDirectories(folder, pattern, Readable);
        Array.Sort(found, StringComparer.Ordinal);
        return found;
    }

    private string Under(string path) => Path.Combine(Root, path);
}
