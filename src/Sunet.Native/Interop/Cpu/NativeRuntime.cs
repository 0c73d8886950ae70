using System.Globalization;
using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>What the CPU's native library is and holds: the facts <c>sunet doctor</c> shows.</summary>
internal static class NativeRuntime
{
    /// <summary>What native code has allocated on behalf of this process and not yet been given back.</summary>
    /// <exception cref="BackendException">The native library is missing or cannot be loaded.</exception>
    public static NativeOutstanding Outstanding
    {
        get
        {
            CpuLibrary.EnsureLoaded();
            SunetCpu.CountersQuery(out NativeCountersData counters);
            return new NativeOutstanding(counters.OutstandingBytes, counters.OutstandingHandles, counters.Allocations);
        }
    }

    /// <summary>Loads the native library if that has not happened and describes it.</summary>
    /// <exception cref="BackendException">
    /// It is missing, lacks what it needs, or is of another version; the sentence says which.
    /// </exception>
    public static unsafe NativeRuntimeInfo Query()
    {
        string path = CpuLibrary.Path;
        CpuLibrary.Query(out NativeLibraryInfo info);
        return new NativeRuntimeInfo
        {
            Path = path,
            Abi = info.Abi,
            OneDnnVersion = new Version(info.OneDnnMajor, info.OneDnnMinor, info.OneDnnPatch),
            OneDnnHash = Marshal.PtrToStringUTF8((nint)info.OneDnnHash) ?? "",
            InstructionSet = Marshal.PtrToStringUTF8((nint)info.Isa) ?? "",
            ChannelBlock = info.ChannelBlock,
            MaxThreads = Math.Min(info.MaxThreads, Environment.ProcessorCount),
            HasBFloat16 = info.BFloat16 != 0,
            PrefersFloat16 = info.Float16 != 0,
        };
    }
}

/// <summary>The CPU's native library and the oneDNN it runs on.</summary>
internal sealed record NativeRuntimeInfo
{
    /// <summary>The file that was loaded; a bare name if the system loader found it.</summary>
    public required string Path { get; init; }

    /// <summary>The number of its C ABI.</summary>
    public required int Abi { get; init; }

    /// <summary>The version of the oneDNN library in this process.</summary>
    public required Version OneDnnVersion { get; init; }

    /// <summary>The commit oneDNN was built from, as it says itself.</summary>
    public required string OneDnnHash { get; init; }

    /// <summary>The widest instruction set oneDNN uses, such as <c>AVX512_CORE_BF16</c>.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>Channels that lie side by side in the blocked layout: 16 with AVX-512, else 8.</summary>
    public required int ChannelBlock { get; init; }

    /// <summary>
    /// The number of processors that this process may use: those it may run on, or its container's share of them, rounded up, if that is
    /// less.
    /// </summary>
    public required int MaxThreads { get; init; }

    /// <summary>The number of threads used where none is given: <see cref="MaxThreads"/>, or OMP_NUM_THREADS if that is less.</summary>
    public int DefaultThreads => ThreadsFor(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"));

    /// <summary>Whether the CPU multiplies bfloat16 natively.</summary>
    public required bool HasBFloat16 { get; init; }

    /// <summary>Whether convolutions of bfloat16 are faster made of products in float16 (AVX-512 FP16 without AMX).</summary>
    public required bool PrefersFloat16 { get; init; }

    /// <summary>The threads for a value of OMP_NUM_THREADS: a number a level of nesting, the first of which counts.</summary>
    internal int ThreadsFor(string? variable) => int.TryParse(variable?.Split(',')[0],
        NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int asked) && asked >= 1
        ? Math.Min(MaxThreads, asked)
        : MaxThreads;
}

/// <summary>What native code holds.</summary>
/// <param name="Bytes">Bytes of tensors not yet freed.</param>
/// <param name="Handles">Contexts, formats and primitives not yet destroyed.</param>
/// <param name="Allocations">Successful allocations and creations since the process began; constant over a steady step.</param>
internal readonly record struct NativeOutstanding(long Bytes, long Handles, long Allocations);
