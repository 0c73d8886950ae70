using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Interop.Loading;

/// <summary>
/// Finds and loads every native library this assembly imports. Searched in this order: the folders of <c>SUNET_NATIVE_PATH</c>; this
/// assembly's folder, which a plugin has for itself, and the package a notebook loads it from; the application's folder; where the host
/// has unpacked a single-file application (<c>NATIVE_DLL_SEARCH_DIRECTORIES</c>); each with its <c>runtimes/&lt;rid&gt;/native</c>; what
/// this assembly's load context resolves; the system loader's own places. The first file that exists is the one: if it does not load,
/// that is the error, for a second copy would hide it.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>Folders to search first, separated as in <c>PATH</c>.</summary>
    public const string PathVariable = "SUNET_NATIVE_PATH";

    /// <summary>Where the host keeps the application's native libraries, separated as in <c>PATH</c>.</summary>
    private const string HostFolders = "NATIVE_DLL_SEARCH_DIRECTORIES";

    /// <summary>Where a package, and what is built with it, has the native libraries of this system.</summary>
    private static readonly string RuntimeFolder = Path.Combine("runtimes", Rid(), "native");

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LoadedLibrary> Loaded = [];
    private static bool resolverSet;

    /// <summary>The folders that are searched before the load context and the system loader are asked, in order.</summary>
    /// <param name="nativePath">The value of <see cref="PathVariable"/>; null if it is not set.</param>
    /// <param name="assemblyFolder">This assembly's folder; null where it is no file, as in a single-file application.</param>
    /// <param name="baseDirectory">The application's folder.</param>
    /// <param name="hostFolders">The value of <c>NATIVE_DLL_SEARCH_DIRECTORIES</c>; null where the host has none.</param>
    public static IReadOnlyList<string> Folders(string? nativePath, string? assemblyFolder, string baseDirectory, string? hostFolders)
    {
        List<string> folders = [.. Split(nativePath, Path.PathSeparator, ';')];
        foreach (string folder in (string[])[.. Present(assemblyFolder), baseDirectory, .. Split(hostFolders, Path.PathSeparator)])
            folders.AddRange([folder, Path.Combine(folder, RuntimeFolder)]);

        // In a package the assembly lies in lib/<framework>, two folders below the root.
        if (assemblyFolder is not null)
            folders.Add(Path.Combine(assemblyFolder, "..", "..", RuntimeFolder));
        return [.. folders.Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f))).Distinct()];
    }

    /// <summary>Loads the first file of a library in <paramref name="folders"/>, else what load context or system loader find.</summary>
    /// <param name="name">The name that imports use.</param>
    /// <param name="folders">The folders, in order.</param>
    /// <exception cref="BackendException">Nothing was found, or it does not load; the sentence names what is wanted.</exception>
    public static LoadedLibrary LoadFrom(string name, IReadOnlyList<string> folders)
    {
        string file = FileName(name);
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, file);
            if (!File.Exists(path) || Posix.KindOf(path) is not (null or Posix.RegularKind))
                continue;
            try
            {
                return new LoadedLibrary(path, NativeLibrary.Load(path));
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                throw new BackendException(NativeLoadError.Describe(path, error.Message), file, inner: error);
            }
        }

        // A load context knows a library by the name that imports use, a host that unpacks an application by its place in there, and the
        // system loader by its file's name. The last resort for a place in a folder is the current folder, where whatever lies is not ours.
        Assembly here = typeof(NativeLibraries).Assembly;
        if (NativeLibrary.TryLoad(name, here, searchPath: null, out nint handle)
            || (!Path.Exists(Path.Combine(RuntimeFolder, file))
                && NativeLibrary.TryLoad(Path.Combine(RuntimeFolder, file), here, searchPath: null, out handle))
            || NativeLibrary.TryLoad(file, out handle))
        {
            return new LoadedLibrary(file, handle);
        }

        throw new BackendException(
            $"{file} was not found in {string.Join(", ", folders)} or where the system looks for libraries: build it with build.sh, "
            + $"or set {PathVariable} to the folder that has it.", file);
    }

    /// <summary>Makes a library that others loaded known to the resolver under the name its imports use.</summary>
    public static void Register(string name, LoadedLibrary library)
    {
        lock (Gate)
        {
            Loaded[name] = library;
            SetResolver();
        }
    }

    /// <summary>Loads a library under the name that imports use and makes it known to the resolver. Cheap when already done.</summary>
    /// <exception cref="BackendException">It is missing, or does not load.</exception>
    public static LoadedLibrary Load(string name)
    {
        lock (Gate)
        {
            if (Loaded.TryGetValue(name, out LoadedLibrary? known))
                return known;
            LoadedLibrary library = LoadFrom(name, Folders(
                Environment.GetEnvironmentVariable(PathVariable), AssemblyFolder(), AppContext.BaseDirectory,
                AppContext.GetData(HostFolders) as string));
            Loaded.Add(name, library);
            SetResolver();
            return library;
        }
    }

    private static void SetResolver()
    {
        if (resolverSet)
            return;
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
        resolverSet = true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        lock (Gate)
            return Loaded.TryGetValue(name, out LoadedLibrary? library) ? library.Handle : 0;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Without a file there is no folder, and others are searched.")]
    private static string? AssemblyFolder() =>
        Path.GetDirectoryName(typeof(NativeLibraries).Assembly.Location) is { Length: > 0 } folder ? folder : null;

    private static string[] Present(string? folder) => folder is null ? [] : [folder];

    private static string[] Split(string? folders, params char[] separators) =>
        (folders ?? "").Split(separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The file name of a library on this system.</summary>
    public static string FileName(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    private static string Rid()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            Architecture other => other.ToString(),
        };
        return $"{system}-{architecture}";
    }
}

/// <summary>A library in this process; it stays loaded until the process ends.</summary>
internal sealed record LoadedLibrary(string Path, nint Handle);
