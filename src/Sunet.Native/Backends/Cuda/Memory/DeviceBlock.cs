using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>
/// A piece of device memory from a <see cref="DevicePool"/>, at least 256-byte aligned. Its holder frees it exactly once; its content is
/// undefined at first.
/// </summary>
internal sealed class DeviceBlock
{
    internal DeviceBlock(nint address, long bytes)
    {
        Address = address;
        Bytes = bytes;
    }

    /// <summary>The first byte.</summary>
    public nint Address { get; }

    /// <summary>The size, rounded up to its class.</summary>
    public long Bytes { get; }

    /// <summary>The size that was asked for.</summary>
    public long RequestedBytes { get; internal set; }

    /// <summary>Whether somebody holds it.</summary>
    internal bool IsOut { get; set; }

    /// <summary>The stream whose work may still use it, while it is in the pool.</summary>
    internal CudaStream? FreedOn { get; set; }

    /// <summary>Recorded on <see cref="FreedOn"/> when the block was freed; null before the first time.</summary>
    internal CudaEvent? FreedAt { get; set; }
}
