using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>What the emulator counts living objects and bytes of.</summary>
internal enum EmulatedKind
{
    DeviceBytes = 0,
    PinnedBytes = 1,
    Streams = 2,
    Events = 3,
    Modules = 4,
    Graphs = 5,
    ExecutableGraphs = 6,
    Contexts = 7,
    CudnnHandles = 8,
    CudnnDescriptors = 9,
    CublasLtHandles = 10,
    CublasLtDescriptors = 11,
    RangeDomains = 12,
    DeviceAllocations = 13,
    PinnedAllocations = 14,
}

/// <summary>
/// The emulated CUDA driver, cuDNN, cuBLASLt and NVTX: one library under all their names. The library under test finds it because its
/// folder is set as <c>SUNET_NATIVE_PATH</c> before any test runs, even where real ones are installed.
/// </summary>
internal static unsafe partial class Emulator
{
    private const string Library = "sunet_emulator";

    /// <summary>Where the emulator lies under the names of the real libraries.</summary>
    public static string Folder { get; } = Path.Combine(Root(), "artifacts", "native", "emulator");

    /// <summary>The emulator itself.</summary>
    public static string File { get; } = Path.Combine(Folder, "libsunet_emulator.so");

    /// <summary>What the caller did wrong since the last reset.</summary>
    public static IReadOnlyList<string> Violations
    {
        get
        {
            const int size = 2048;
            byte* text = stackalloc byte[size];
            List<string> found = [];
            for (int i = 0; i < CountViolations(); i++)
            {
                _ = ReadViolation(i, text, size);
                found.Add(Marshal.PtrToStringUTF8((nint)text)!);
            }

            return found;
        }
    }

    /// <summary>The ranges opened since the last reset, each with how many were open around it.</summary>
    public static IReadOnlyList<(int Depth, string Text)> Ranges
    {
        get
        {
            const int size = 2048;
            byte* text = stackalloc byte[size];
            List<(int Depth, string Text)> found = [];
            for (int i = 0; i < CountRanges(); i++)
            {
                _ = ReadRange(i, text, size, out int depth);
                found.Add((depth, Marshal.PtrToStringUTF8((nint)text)!));
            }

            return found;
        }
    }

    /// <summary>Everything that is alive, such as <c>streams: 1</c>.</summary>
    public static IReadOnlyList<string> Living =>
        [.. Enum.GetValues<EmulatedKind>().Where(k => Outstanding(k) != 0).Select(k => $"{k}: {Outstanding(k)}")];

    /// <summary>The names of the counted calls since the last reset.</summary>
    public static IReadOnlyList<string> CallNames =>
        [.. Enumerable.Range(1, (int)Calls()).Select(n => Marshal.PtrToStringUTF8(CallName(n)) ?? "")];

    [LibraryImport(Library, EntryPoint = "sunet_emulator_reset")]
    public static partial void Reset();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_seed")]
    public static partial void Seed(ulong seed);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_order")]
    public static partial void Order(int order);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_fail_call")]
    public static partial void FailCall(long n, int persistent);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_calls")]
    public static partial long Calls();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_clear_violations")]
    public static partial void ClearViolations();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_outstanding")]
    public static partial long Outstanding(EmulatedKind kind);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_set_memory")]
    public static partial void SetMemory(ulong bytes);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_set_devices")]
    public static partial void SetDevices(int count);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_set_precompiled")]
    public static partial void SetPrecompiled([MarshalAs(UnmanagedType.Bool)] bool has);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_kernel_parameters", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int KernelParameters(string name, int* sizes, int max);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_kernel_block", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int KernelBlock(string name);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_kernel_name")]
    public static partial nint KernelName(int index);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_kernels_run", StringMarshalling = StringMarshalling.Utf8)]
    public static partial long KernelsRun(string? name);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_bytes_to_device")]
    public static partial long BytesToDevice();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_peek")]
    public static partial int Peek(ulong address, void* to, nuint bytes);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_bytes_to_host")]
    public static partial long BytesToHost();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_open_ranges")]
    public static partial long OpenRanges();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_cudnn_runs")]
    public static partial long CudnnRuns(long engine);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_ranges")]
    private static partial int CountRanges();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_range")]
    private static partial int ReadRange(int index, byte* text, int size, out int depth);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_call_name")]
    private static partial nint CallName(long n);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_violations")]
    private static partial int CountViolations();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_violation")]
    private static partial int ReadViolation(int index, byte* text, int size);

    [ModuleInitializer]
    internal static void Prefer()
    {
        string? given = Environment.GetEnvironmentVariable(NativeLibraries.PathVariable);
        Environment.SetEnvironmentVariable(NativeLibraries.PathVariable, given is null ? Folder : Folder + Path.PathSeparator + given);
        NativeLibrary.SetDllImportResolver(typeof(Emulator).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Library ? NativeLibrary.Load(File) : 0;

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../.."));
}

/// <summary>A test on a fresh emulator that must leave nothing behind and break no rule of the libraries.</summary>
public abstract class EmulatorTest : IDisposable
{
    /// <summary>
    /// Loads the libraries, since a test may call them as another application would, before the product has had a reason to.
    /// </summary>
    protected EmulatorTest()
    {
        CudaLibraries.EnsureDriver();
        CudaLibraries.EnsureCudnn();
        Emulator.Reset();
    }

    public void Dispose()
    {
        IReadOnlyList<string> violations = Emulator.Violations, living = Emulator.Living;
        Emulator.Reset();
        GC.SuppressFinalize(this);
        Assert.Empty(violations);
        Assert.Empty(living);
    }
}
