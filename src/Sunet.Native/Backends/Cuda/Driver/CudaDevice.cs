using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// One GPU and a context on it. Calls that run in every step need the context current on the calling thread: bracket them with
/// <see cref="Enter"/> and <see cref="Leave"/>, or <see cref="Use"/>. Creating and disposing objects does that itself. Whoever disposes the
/// device disposes its memory pool and its kernels before.
/// </summary>
internal sealed class CudaDevice : IDisposable
{
    /// <summary>What the kernels are compiled for: everything older lacks bfloat16.</summary>
    public const int OldestMajor = 8;

    private readonly CudaDeviceProperties properties;

    private CudaDevice(int ordinal, CudaDeviceProperties properties, CudaContext context)
    {
        Ordinal = ordinal;
        this.properties = properties;
        Context = context;
    }

    /// <summary>Its number among the devices the driver offers, which <c>CUDA_VISIBLE_DEVICES</c> may limit.</summary>
    public int Ordinal { get; }

    /// <summary>The product's name, such as <c>NVIDIA H200</c>.</summary>
    public string Name => properties.Name;

    /// <summary>The generation of its instructions, such as 9.0.</summary>
    public (int Major, int Minor) ComputeCapability => properties.ComputeCapability;

    /// <summary>The memory the device has.</summary>
    public long TotalBytes => properties.TotalBytes;

    /// <summary>The number of multiprocessors, which thread blocks are distributed over.</summary>
    public int Multiprocessors => properties.Multiprocessors;

    /// <summary>The context, which children keep alive.</summary>
    internal CudaContext Context { get; }

    /// <summary>Retains the primary context of a device. The caller disposes it.</summary>
    /// <exception cref="BackendException">The driver is missing or too old, or there is no such device, or it is too old.</exception>
    public static CudaDevice Open(int ordinal)
    {
        int device = Find(ordinal);
        CudaDeviceProperties properties = Supported(device, ordinal);
        return new CudaDevice(ordinal, properties, CudaContext.Retain(device));
    }

    /// <summary>Works in a caller's context, which stays the caller's and outlives this object. The caller disposes the device.</summary>
    /// <exception cref="ArgumentException">The context is zero or belongs to another device.</exception>
    /// <exception cref="BackendException">The driver is missing or too old, or there is no such device, or it is too old.</exception>
    public static CudaDevice Adopt(nint context, int ordinal)
    {
        if (context == 0)
            throw new ArgumentException("A CUDA context is needed, not zero.", nameof(context));
        int device = Find(ordinal);
        CudaDeviceProperties properties = Supported(device, ordinal);
        CudaContext adopted = CudaContext.Adopt(context, device);
        adopted.Push();
        int result = CudaDriver.ContextGetDevice(out int owner);
        adopted.Pop();
        CudaStatus.ThrowIfFailed(result, "cuCtxGetDevice");
        return owner == device
            ? new CudaDevice(ordinal, properties, adopted)
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
    public static CudaDeviceProperties Describe(int ordinal) => CudaDeviceProperties.Of(Find(ordinal));

    /// <summary>Makes the context current on this thread. Nests; each call needs its <see cref="Leave"/>.</summary>
    public void Enter() => Context.Push();

    /// <summary>Ends the latest <see cref="Enter"/> of this thread.</summary>
    public void Leave() => Context.Pop();

    /// <summary><see cref="Enter"/> now and <see cref="Leave"/> at the end of a using statement.</summary>
    public DeviceScope Use()
    {
        Enter();
        return new DeviceScope(Context);
    }

    /// <summary>The memory nobody has taken, on the whole device.</summary>
    public long FreeBytes()
    {
        using DeviceScope scope = Use();
        CudaStatus.ThrowIfFailed(CudaDriver.MemoryGetInfo(out nuint free, out _), "cuMemGetInfo_v2");
        return (long)free;
    }

    /// <summary>Waits for everything in the context.</summary>
    public void Synchronize()
    {
        using DeviceScope scope = Use();
        CudaStatus.ThrowIfFailed(CudaDriver.ContextSynchronize(), "cuCtxSynchronize");
    }

    /// <summary>Gives the context back, once all its children are disposed.</summary>
    public void Dispose() => Context.Dispose();

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

    private static CudaDeviceProperties Supported(int device, int ordinal)
    {
        CudaDeviceProperties properties = CudaDeviceProperties.Of(device);
        (int major, int minor) = properties.ComputeCapability;
        return major >= OldestMajor
            ? properties
            : throw new BackendException(
                $"CUDA device {ordinal} ({properties.Name}) has compute capability {major}.{minor}, but {OldestMajor}.0 or newer is "
                + "needed.",
                CudaLibrary.Driver.File);
    }
}
