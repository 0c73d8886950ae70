using System.Globalization;
using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>Turns a result of the CUDA driver into the typed exception that belongs to it.</summary>
internal static unsafe class CudaStatus
{
    /// <summary>Raises what a result stands for.</summary>
    /// <param name="result">What the call returned: a <see cref="CudaResult"/>.</param>
    /// <param name="call">The call's exported name.</param>
    /// <param name="layer">The op kind and layer at work; null outside a plan.</param>
    /// <param name="bytes">The bytes that were asked for, where the call allocates.</param>
    /// <exception cref="MemoryException">Device or pinned memory does not suffice.</exception>
    /// <exception cref="BackendException">Every other failure.</exception>
    public static void ThrowIfFailed(int result, string call, string? layer = null, long bytes = 0)
    {
        if (result != (int)CudaResult.Success)
            throw Failure(result, call, layer, bytes);
    }

    /// <summary>The error's own name, such as <c>CUDA_ERROR_INVALID_VALUE</c>.</summary>
    public static string NameOf(int result)
    {
        byte* text = null;
        return CudaDriver.GetErrorName(result, &text) == 0 && text is not null ? Marshal.PtrToStringUTF8((nint)text)! : "an unknown error";
    }

    private static SunetException Failure(int result, string call, string? layer, long bytes)
    {
        string at = layer is null ? "" : $"{layer}: ";
        if (result == (int)CudaResult.OutOfMemory)
        {
            string wanted = bytes > 0 ? string.Create(CultureInfo.InvariantCulture, $" for {bytes:N0} bytes") : "";
            return new MemoryException($"{at}{call} ran out of memory{wanted}; a smaller batch or image needs less.", bytes);
        }

        byte* text = null;
        string reason = CudaDriver.GetErrorString(result, &text) == 0 && text is not null ? $", {Marshal.PtrToStringUTF8((nint)text)}" : "";
        return new BackendException(
            $"{at}{call} of the CUDA driver failed with {NameOf(result)} ({result}{reason}).", CudaLibrary.Driver.File, result, layer);
    }
}
