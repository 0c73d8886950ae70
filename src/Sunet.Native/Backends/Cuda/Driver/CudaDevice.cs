using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// One GPU and a context on it. Calls that run in every step need the context current on the calling thread: bracket them with
/// <see cref="Enter"/> and <see cref="Leave"/>, or <see cref="Use"/>. Creating and disposing objects does that itself.
/// </summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    /// <summary>What the kernels are compiled for: everything older lacks bfloat16.</summary>
    public const int OldestMajor = 8;

    private const int NameBytes = 256;

    private readonly Lock gate = new();
    private readonly int device;
    private CudaKernels? kernels;
    private bool disposed;

    private CudaDevice(int ordinal, int device, CudaContext context)
    {
        Ordinal = ordinal;
        this.device = device;
        Context = context;
        Name = NameOf(device);
        ComputeCapability = CapabilityOf(device);
        TotalBytes = TotalBytesOf(device);
        Multiprocessors = Attribute(device, CudaDeviceAttribute.MultiprocessorCount);
        Pool = new DevicePool(this);
    }

    /// <summary>Its number among the devices the driver offers, which <c>CUDA_VISIBLE_DEVICES</c> may limit.</summary>
    public int Ordinal { get; }

    /// <summary>Such as <c>NVIDIA H200</c>.</summary>
    public string Name { get; }

    /// <summary>Such as 9.0.</summary>
    public (int Major, int Minor) ComputeCapability { get; }

    /// <summary>The memory the device has.</summary>
    public long TotalBytes { get; }

    /// <summary>What thread blocks are distributed over.</summary>
    public int Multiprocessors { get; }

    /// <summary>Device memory for everything on this device.</summary>
    public DevicePool Pool { get; }

    /// <summary>The context, which children keep alive.</summary>
    internal CudaContext Context { get; }

    /// <summary>The compiled kernels; compiled at the first use, which must not be during a capture.</summary>
    /// <exception cref="BackendException">The driver does not compile them; the sentence says why.</exception>
    public CudaKernels Kernels
    {
        get
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                return kernels ??= CudaKernels.Load(this);
            }
        }
    }

    /// <summary>Retains the primary context of a device. The caller disposes it.</summary>
    /// <exception cref="BackendException">The driver is missing or too old, or there is no such device, or it is too old.</exception>
    public static CudaDevice Open(int ordinal)
    {
        int device = Find(ordinal);
        CheckCapability(device, ordinal);
        CudaContext context = CudaContext.Retain(device);
        try
        {
            return new CudaDevice(ordinal, device, context);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>Works in a caller's context, which stays the caller's and outlives this object. The caller disposes the device.</summary>
    /// <exception cref="ArgumentException">The context is zero or belongs to another device.</exception>
    /// <exception cref="BackendException">The driver is missing or too old, or there is no such device, or it is too old.</exception>
    public static CudaDevice Adopt(nint context, int ordinal)
    {
        if (context == 0)
            throw new ArgumentException("A CUDA context is needed, not zero.", nameof(context));
        int device = Find(ordinal);
        CheckCapability(device, ordinal);
        CudaContext adopted = CudaContext.Adopt(context, device);
        adopted.Push();
        int result = CudaDriver.ContextGetDevice(out int owner);
        adopted.Pop();
        CudaStatus.ThrowIfFailed(result, "cuCtxGetDevice");
        return owner == device
            ? new CudaDevice(ordinal, device, adopted)
            : throw new ArgumentException($"The context belongs to another device than {ordinal}.", nameof(context));
    }

    /// <summary>How many devices the driver offers.</summary>
    /// <exception cref="BackendException">The driver is missing, too old or does not start.</exception>
    public static int Count()
    {
        CudaLibraries.EnsureDriver();
        int result = CudaDriver.Init(0);
        if (result == (int)CudaResult.NoDevice)
            return 0;
        CudaStatus.ThrowIfFailed(result, "cuInit");
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGetCount(out int count), "cuDeviceGetCount");
        return count;
    }

    /// <summary>What a device is, without a context on it.</summary>
    /// <exception cref="BackendException">There is no such device, or the driver fails.</exception>
    public static CudaDeviceInfo Describe(int ordinal)
    {
        int device = Find(ordinal);
        (int major, int minor) = CapabilityOf(device);
        return new CudaDeviceInfo(
            ordinal, NameOf(device), new Version(major, minor), TotalBytesOf(device),
            Attribute(device, CudaDeviceAttribute.MultiprocessorCount));
    }

    /// <summary>Makes the context current on this thread. Nests; each call needs its <see cref="Leave"/>.</summary>
    public void Enter() => Context.Push();

    /// <summary>Ends the latest <see cref="Enter"/> of this thread.</summary>
    public void Leave() => Context.Pop();

    /// <summary><see cref="Enter"/> now and <see cref="Leave"/> at the end of a using statement.</summary>
    public Scope Use()
    {
        Enter();
        return new Scope(this);
    }

    /// <summary>The memory nobody has taken, on the whole device.</summary>
    public long FreeBytes()
    {
        using Scope scope = Use();
        CudaStatus.ThrowIfFailed(CudaDriver.MemoryGetInfo(out nuint free, out _), "cuMemGetInfo_v2");
        return (long)free;
    }

    /// <summary>Waits for everything in the context.</summary>
    public void Synchronize()
    {
        using Scope scope = Use();
        CudaStatus.ThrowIfFailed(CudaDriver.ContextSynchronize(), "cuCtxSynchronize");
    }

    /// <summary>Gives back the kernels, the pool's memory and, once all children are disposed, the context.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            // Kernels may still be running; their result interests nobody any more, and a failure was or will be reported elsewhere.
            if (CudaDriver.ContextPush(Context.Raw) == 0)
            {
                _ = CudaDriver.ContextSynchronize();
                _ = CudaDriver.ContextPop(out _);
            }

            kernels?.Dispose();
            Pool.Dispose();
            Context.Dispose();
        }
    }

    private static int Find(int ordinal)
    {
        int count = Count();
        if (ordinal < 0 || ordinal >= count)
        {
            string offered = count == 0 ? "no CUDA device" : count == 1 ? "1 CUDA device, 0" : $"{count} CUDA devices, 0 to {count - 1}";
            string limit = Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is { } visible
                ? $" with CUDA_VISIBLE_DEVICES={visible}"
                : "";
            throw new BackendException(
                $"There is no CUDA device {ordinal}: the driver offers {offered}{limit}.", CudaLibrary.Driver.File,
                (int)CudaResult.InvalidDevice);
        }

        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGet(out int device, ordinal), "cuDeviceGet");
        return device;
    }

    private static void CheckCapability(int device, int ordinal)
    {
        (int major, int minor) = CapabilityOf(device);
        if (major < OldestMajor)
        {
            throw new BackendException(
                $"CUDA device {ordinal} ({NameOf(device)}) has compute capability {major}.{minor}, but {OldestMajor}.0 or newer is needed.",
                CudaLibrary.Driver.File);
        }
    }

    private static string NameOf(int device)
    {
        byte* name = stackalloc byte[NameBytes];
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGetName(name, NameBytes, device), "cuDeviceGetName");
        return Marshal.PtrToStringUTF8((nint)name) ?? "";
    }

    private static (int Major, int Minor) CapabilityOf(int device) =>
        (Attribute(device, CudaDeviceAttribute.ComputeCapabilityMajor), Attribute(device, CudaDeviceAttribute.ComputeCapabilityMinor));

    private static long TotalBytesOf(int device)
    {
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceTotalMemory(out nuint bytes, device), "cuDeviceTotalMem_v2");
        return (long)bytes;
    }

    private static int Attribute(int device, CudaDeviceAttribute attribute)
    {
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGetAttribute(out int value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    /// <summary>The time in which a device's context is current on a thread.</summary>
    public readonly ref struct Scope(CudaDevice device)
    {
        /// <summary>Leaves.</summary>
        public void Dispose() => device.Leave();
    }
}
