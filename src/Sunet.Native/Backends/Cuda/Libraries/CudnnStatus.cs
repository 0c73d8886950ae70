using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>Turns a result of cuDNN into the typed exception that belongs to it.</summary>
internal static unsafe class CudnnStatus
{
    private const int MessageBytes = 1024;

    /// <summary>Raises what a result stands for, with cuDNN's last error message.</summary>
    /// <param name="result">What the call returned: a <see cref="CudnnResult"/>.</param>
    /// <param name="call">The call's exported name.</param>
    /// <param name="layer">The op kind and layer at work; null outside a plan.</param>
    /// <exception cref="MemoryException">cuDNN could not allocate.</exception>
    /// <exception cref="BackendException">Every other failure.</exception>
    public static void ThrowIfFailed(int result, string call, string? layer = null)
    {
        if (result != (int)CudnnResult.Success)
            throw Failure(result, call, layer);
    }

    /// <summary>The result's name and the message cuDNN left for this thread; asking clears the message.</summary>
    public static string Describe(int result)
    {
        byte* text = stackalloc byte[MessageBytes];
        text[0] = 0;
        Cudnn.GetLastErrorString(text, MessageBytes);
        string detail = (Marshal.PtrToStringUTF8((nint)text) ?? "").ReplaceLineEndings(" ").Trim();
        string name = Marshal.PtrToStringUTF8((nint)Cudnn.GetErrorString(result)) ?? "an unknown error";
        return detail.Length > 0 ? $"{name} ({result}): {detail}" : $"{name} ({result})";
    }

    private static SunetException Failure(int result, string call, string? layer)
    {
        string at = layer is null ? "" : $"{layer}: ";
        string description = Describe(result);
        return (CudnnResult)result is CudnnResult.HostAllocationFailed or CudnnResult.DeviceAllocationFailed
            ? new MemoryException($"{at}{call} ran out of memory, {description}; a smaller batch or image needs less.", 0)
            : new BackendException($"{at}{call} failed with {description}.", CudaLibrary.CuDnn.File, result, layer);
    }
}
