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
