using System.Runtime.InteropServices;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Interop.Cuda;

/// <summary>
/// Finds and loads the CUDA driver, cuDNN, cuBLASLt and NVTX, and refuses versions that will not do. Searched in this order: the folders
/// of <c>SUNET_NATIVE_PATH</c>; the system loader's own places; the folders where toolkits, distributions and Python's packages put them.
/// </summary>
internal static class CudaLibraries
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LoadedCudaLibrary> Loaded = [];

    /// <summary>Loads the driver. Cheap when already done.</summary>
    /// <exception cref="BackendException">It is missing or too old.</exception>
    public static void EnsureDriver() => Ensure(CudaLibrary.Driver);

    /// <summary>Loads cuDNN, and cuBLASLt before it because cuDNN wants it. Cheap when already done.</summary>
    /// <exception cref="BackendException">One is missing or too old.</exception>
    public static void EnsureCudnn()
    {
        Ensure(CudaLibrary.CuBlasLt);
        Ensure(CudaLibrary.CuDnn);
    }

    /// <summary>Loads cuBLASLt. Cheap when already done.</summary>
    /// <exception cref="BackendException">It is missing or too old.</exception>
    public static void EnsureCublasLt() => Ensure(CudaLibrary.CuBlasLt);

    /// <summary>Loads NVTX if it is there and complete.</summary>
    public static bool TryLoadNvtx()
    {
        try
        {
            Ensure(CudaLibrary.Ranges);
            return true;
        }
        catch (BackendException)
        {
            return false;
        }
    }

    /// <summary>Loads a library and checks its version; gives where it was found.</summary>
    /// <exception cref="BackendException">It is missing or too old.</exception>
    public static LoadedCudaLibrary Ensure(CudaLibrary library)
    {
        lock (Gate)
        {
            if (Loaded.TryGetValue(library.Name, out LoadedCudaLibrary? known))
                return known;
            LoadedLibrary file = Locate(
                library, CudaLibrarySearch.Current(), name => (NativeLibrary.TryLoad(name, out nint handle), handle));
            CheckExports(library, file.Path, name => NativeLibrary.TryGetExport(file.Handle, name, out _));
            NativeLibraries.Register(library.Name, file);
            int version = QueryVersion(library);
            CheckVersion(library, file.Path, version);
            LoadedCudaLibrary loaded = new(library, file.Path, version);
            Loaded.Add(library.Name, loaded);
            return loaded;
        }
    }

    /// <summary>Loads the first suitable file, or says what is wanted, what was found instead, and where it looked.</summary>
    /// <exception cref="BackendException">Nothing suitable is there, or the first that is does not load.</exception>
    public static LoadedLibrary Locate(CudaLibrary library, CudaLibrarySearch search, Func<string, (bool Found, nint Handle)> systemLoader)
    {
        IReadOnlyList<string> named = search.NamedFolders();
        if (CudaLibrarySearch.Find(library, named) is { } first)
            return LoadFile(library, first);
        foreach (string file in library.Files)
        {
            if (systemLoader(file) is (true, nint handle))
                return new LoadedLibrary(MappedPath(library.Family) ?? file, handle);
        }

        IReadOnlyList<string> usual = search.UsualFolders();
        if (CudaLibrarySearch.Find(library, usual) is { } later)
            return LoadFile(library, later);
        throw NotFound(library, [.. named, .. usual]);
    }

    /// <summary>Refuses a library without everything that is called.</summary>
    /// <exception cref="BackendException">Something is missing; the sentence names all of it.</exception>
    public static void CheckExports(CudaLibrary library, string path, Func<string, bool> exports)
    {
        string[] missing = [.. library.EntryPoints.Where(name => !exports(name))];
        if (missing.Length > 0)
        {
            throw new BackendException(
                $"{path} lacks {string.Join(", ", missing)}: {library.Title} is needed.", library.File);
        }
    }

    /// <summary>Refuses a library that is too old.</summary>
    /// <exception cref="BackendException">It is; the sentence names both versions.</exception>
    public static void CheckVersion(CudaLibrary library, string path, int version)
    {
        if (version < library.OldestVersion)
        {
            throw new BackendException(
                $"{path} is version {library.VersionText(version)}, but {library.Title} is needed.", library.File, version);
        }
    }

    private static LoadedLibrary LoadFile(CudaLibrary library, string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        foreach (string companion in library.Companions.Select(c => Path.Combine(folder, c)).Where(File.Exists))
        {
            // One that fails is no error yet: cuDNN says so itself if it really needs it.
            _ = NativeLibrary.TryLoad(companion, out _);
        }

        try
        {
            return new LoadedLibrary(path, NativeLibrary.Load(path));
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new BackendException(NativeLoadError.Describe(path, error.Message), library.File, inner: error);
        }
    }

    private static BackendException NotFound(CudaLibrary library, IReadOnlyList<string> folders)
    {
        IReadOnlyList<string> others = CudaLibrarySearch.OtherVersions(library, folders);
        string found = others.Count > 0 ? $"; found {string.Join(", ", others)}" : "";
        string places = folders.Count > 0 ? $"in {string.Join(", ", folders)} or " : "";
        string remedy = library == CudaLibrary.Driver
            ? "install the GPU's driver"
            : $"install it or set {NativeLibraries.PathVariable} to the folder that has it";
        return new BackendException(
            $"{string.Join(" or ", library.Files)} ({library.Title}) was not found {places}where the system looks for libraries{found}: "
            + $"{remedy}.", library.File);
    }

    private static int QueryVersion(CudaLibrary library)
    {
        switch (library.Name)
        {
            case CudaDriver.Library:
                return CudaDriver.DriverGetVersion(out int version) == 0 ? version : 0;
            case Cudnn.Library:
                return (int)Cudnn.GetVersion();
            case CublasLt.Library:
                return (int)CublasLt.GetVersion();
            default:
                return 0;
        }
    }

    /// <summary>The file that the system loader found, by the name it has without links; null where that cannot be told.</summary>
    private static string? MappedPath(string family)
    {
        const string maps = "/proc/self/maps";
        if (!File.Exists(maps))
            return null;
        string? line = File.ReadLines(maps).FirstOrDefault(l => l.Contains("/" + family, StringComparison.Ordinal));
        return line?[line.IndexOf('/', StringComparison.Ordinal)..];
    }
}
