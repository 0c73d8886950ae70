using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>The devices on which lifetimes are tested.</summary>
public enum Device
{
    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>The emulated GPU.</summary>
    Cuda,
}

internal static class Devices
{
    public static IBackend Open(this Device device) => device == Device.Cpu ? new CpuBackend(threads: 1) : new CudaBackend();
}
