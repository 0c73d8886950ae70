using System.Runtime.InteropServices;
using Sunet.Native.Interop.Host;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Interop.Cpu;

/// <summary>The CPU's native library: loads it once and checks that it speaks the ABI of these bindings.</summary>
internal static partial class CpuLibrary
{
    /// <summary>The name the resolver knows.</summary>
    public const string Name = "sunet_cpu";

    /// <summary>The number <c>SUNET_CPU_ABI</c> these bindings were written for.</summary>
    public const int Abi = 10;

    private const string SpinVariable = "GOMP_SPINCOUNT";
    private const string SpinCount = "10000";

    private static readonly Lock Gate = new();
    private static volatile LoadedLibrary? loaded;

    /// <summary>The file name on this system.</summary>
    public static string File { get; } = NativeLibraries.FileName(Name);

    /// <summary>Where it was loaded from.</summary>
    /// <exception cref="BackendException">It is missing, cannot be loaded, or is of another version.</exception>
    public static string Path
    {
        get
        {
            EnsureLoaded();
            return loaded!.Path;
        }
    }

    /// <summary>The loaded library, to look exports up in.</summary>
    /// <exception cref="BackendException">It is missing, cannot be loaded, or is of another version.</exception>
    public static nint Handle
    {
        get
        {
            EnsureLoaded();
            return loaded!.Handle;
        }
    }

    /// <summary>Loads the library and checks that it speaks our ABI. Cheap when already done.</summary>
    /// <exception cref="BackendException">It is missing, cannot be loaded, or is of another version.</exception>
    public static void EnsureLoaded()
    {
        if (loaded is not null)
            return;
        lock (Gate)
        {
            LimitSpinning();
            LoadedLibrary library = NativeLibraries.Load(Name);
            CheckAbi(library.Path, QueryAbi(library.Path), Abi);
            loaded = library;
        }
    }

    /// <summary>Refuses a library of another version than these bindings.</summary>
    /// <exception cref="BackendException">The numbers differ.</exception>
    public static void CheckAbi(string path, int found, int wanted)
    {
        if (found != wanted)
        {
            throw new BackendException(
                $"{path} has ABI {found}, but this version of Sunet.Native needs ABI {wanted}: use the library that came with it.",
                System.IO.Path.GetFileName(path), found);
        }
    }

    /// <summary>
    /// Lets OpenMP's threads sleep soon at a barrier. By default libgomp spins for milliseconds, and where something else wants the
    /// processors (a batch loader, another process) the spinning threads keep them from the ones they wait for. libgomp reads its settings
    /// when it is loaded, so a process that loaded it before, or that sets them itself, keeps its own.
    /// </summary>
    private static void LimitSpinning()
    {
        bool isSet = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null
            || Environment.GetEnvironmentVariable(SpinVariable) is not null;
        if (OperatingSystem.IsLinux() && !isSet)
            _ = Posix.SetEnvironment(SpinVariable, SpinCount, overwrite: 0);
    }

    /// <summary>Asks the library what it is; it is loaded already.</summary>
    [LibraryImport(Name, EntryPoint = "sunet_library_query")]
    public static partial void Query(out NativeLibraryInfo info);

    private static int QueryAbi(string path)
    {
        try
        {
            Query(out NativeLibraryInfo info);
            return info.Abi;
        }
        catch (EntryPointNotFoundException error)
        {
            throw new BackendException(
                $"{path} is not the CPU library of Sunet.Native: it lacks sunet_library_query.", File, inner: error);
        }
    }
}
