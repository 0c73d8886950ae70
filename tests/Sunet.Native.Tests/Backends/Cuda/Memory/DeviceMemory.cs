using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Memory;

/// <summary>Copies and fills as the tests of the device layer need them, on a device that is entered.</summary>
internal static unsafe class DeviceMemory
{
    public static void Fill(nint address, byte value, long bytes, CudaStream stream) =>
        CudaStatus.ThrowIfFailed(CudaDriver.Fill8Async(address, value, (nuint)bytes, stream.Raw), "cuMemsetD8Async");

    public static void Upload(PinnedBuffer from, nint to, CudaStream stream) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyToDeviceAsync(to, from.Address, (nuint)from.Bytes, stream.Raw), "cuMemcpyHtoDAsync_v2");

    public static void Download(nint from, PinnedBuffer to, CudaStream stream) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyToHostAsync(to.Address, from, (nuint)to.Bytes, stream.Raw), "cuMemcpyDtoHAsync_v2");

    /// <summary>Copies bytes to the device and waits until they are there.</summary>
    public static void Write(CudaDevice device, nint address, ReadOnlySpan<byte> bytes, CudaStream stream)
    {
        using PinnedBuffer copy = PinnedBuffer.Create(device, Math.Max(1, bytes.Length));
        bytes.CopyTo(copy.Span);
        stream.CopyToDevice(address, copy.Address, bytes.Length);
        stream.Synchronize();
    }

    /// <summary>Waits for the stream and gives what lies on the device then.</summary>
    public static byte[] Read(CudaDevice device, nint address, int bytes, CudaStream stream)
    {
        using PinnedBuffer copy = PinnedBuffer.Create(device, bytes);
        Download(address, copy, stream);
        stream.Synchronize();
        return copy.Span.ToArray();
    }
}
