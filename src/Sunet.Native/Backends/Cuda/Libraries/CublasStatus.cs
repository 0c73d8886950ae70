using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>Turns a result of cuBLASLt into the typed exception that belongs to it.</summary>
internal static unsafe class CublasStatus
{
    /// <summary>Raises what a result stands for.</summary>
    /// <param name="result">What the call returned: a <see cref="CublasResult"/>.</param>
    /// <param name="call">The call's exported name.</param>
    /// <param name="layer">The op kind and layer at work; null outside a plan.</param>
    /// <exception cref="MemoryException">cuBLASLt could not allocate.</exception>
    /// <exception cref="BackendException">Every other failure.</exception>
    public static void ThrowIfFailed(int result, string call, string? layer = null)
    {
        if (result != (int)CublasResult.Success)
            throw Failure(result, call, layer);
    }

    private static SunetException Failure(int result, string call, string? layer)
    {
        string at = layer is null ? "" : $"{layer}: ";
        if (result == (int)CublasResult.AllocationFailed)
            return new MemoryException($"{at}{call} ran out of memory; a smaller batch or image needs less.", 0);
        string name = Marshal.PtrToStringUTF8((nint)CublasLt.GetStatusName(result)) ?? "an unknown error";
        string reason = Marshal.PtrToStringUTF8((nint)CublasLt.GetStatusString(result)) is { Length: > 0 } text ? $", {text}" : "";
        return new BackendException($"{at}{call} failed with {name} ({result}{reason}).", CudaLibrary.CuBlasLt.File, result, layer);
    }
}
