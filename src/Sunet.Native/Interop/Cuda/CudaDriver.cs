using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary>
/// The entry points of the CUDA driver that we call. Each returns a <see cref="CudaResult"/> as a number. Suffixes such as <c>_v2</c> are
/// part of the exported name: the name without one is an older ABI. Devices are ordinals' handles (int), device pointers and opaque
/// handles are <see cref="nint"/>.
/// </summary>
internal static unsafe partial class CudaDriver
{
    /// <summary>The name the resolver knows.</summary>
    public const string Library = "cuda";

    /// <summary>Everything below; the library is refused when one is missing.</summary>
    public static readonly string[] EntryPoints =
    [
        "cuInit", "cuDriverGetVersion", "cuGetErrorName", "cuGetErrorString", "cuDeviceGet", "cuDeviceGetCount", "cuDeviceGetName",
        "cuDeviceTotalMem_v2", "cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2",
        "cuDevicePrimaryCtxSetFlags_v2", "cuDevicePrimaryCtxGetState", "cuCtxGetDevice", "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2",
        "cuCtxSynchronize", "cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost",
        "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2", "cuMemsetD8Async", "cuMemsetD32Async", "cuStreamCreate",
        "cuStreamDestroy_v2", "cuStreamSynchronize", "cuStreamQuery", "cuStreamWaitEvent", "cuStreamBeginCapture_v2",
        "cuStreamEndCapture", "cuEventCreate", "cuEventRecord", "cuEventQuery", "cuEventSynchronize", "cuEventElapsedTime",
        "cuEventDestroy_v2", "cuGraphInstantiateWithFlags", "cuGraphUpload", "cuGraphLaunch", "cuGraphExecDestroy", "cuGraphDestroy",
        "cuGraphGetNodes", "cuModuleLoadDataEx", "cuModuleUnload", "cuModuleGetFunction", "cuFuncGetAttribute", "cuLaunchKernel",
        "cuProfilerStart", "cuProfilerStop",
    ];

    [LibraryImport(Library, EntryPoint = "cuInit")]
    public static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDriverGetVersion")]
    public static partial int DriverGetVersion(out int version);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    public static partial int GetErrorName(int error, byte** text);

    [LibraryImport(Library, EntryPoint = "cuGetErrorString")]
    public static partial int GetErrorString(int error, byte** text);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    public static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    public static partial int DeviceGetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    public static partial int DeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceTotalMem_v2")]
    public static partial int DeviceTotalMemory(out nuint bytes, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    public static partial int DeviceGetAttribute(out int value, CudaDeviceAttribute attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial int PrimaryContextRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial int PrimaryContextRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxSetFlags_v2")]
    public static partial int PrimaryContextSetFlags(int device, uint flags);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxGetState")]
    public static partial int PrimaryContextGetState(int device, out uint flags, out int active);

    [LibraryImport(Library, EntryPoint = "cuCtxGetDevice")]
    public static partial int ContextGetDevice(out int device);

    [LibraryImport(Library, EntryPoint = "cuCtxPushCurrent_v2")]
    public static partial int ContextPush(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPopCurrent_v2")]
    public static partial int ContextPop(out nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxSynchronize")]
    public static partial int ContextSynchronize();

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    public static partial int MemoryGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    public static partial int MemoryAllocate(out nint address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    public static partial int MemoryFree(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemHostAlloc")]
    public static partial int HostAllocate(out nint address, nuint bytes, uint flags);

    [LibraryImport(Library, EntryPoint = "cuMemFreeHost")]
    public static partial int HostFree(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static partial int CopyToDeviceAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static partial int CopyToHostAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial int CopyOnDeviceAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemsetD8Async")]
    public static partial int Fill8Async(nint destination, byte value, nuint count, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemsetD32Async")]
    public static partial int Fill32Async(nint destination, uint value, nuint count, nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamCreate")]
    public static partial int StreamCreate(out nint stream, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    public static partial int StreamDestroy(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamSynchronize")]
    public static partial int StreamSynchronize(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamQuery")]
    public static partial int StreamQuery(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamWaitEvent")]
    public static partial int StreamWaitEvent(nint stream, nint waited, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial int StreamBeginCapture(nint stream, CudaCaptureMode mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial int StreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    public static partial int EventCreate(out nint created, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    public static partial int EventRecord(nint recorded, nint stream);

    [LibraryImport(Library, EntryPoint = "cuEventQuery")]
    public static partial int EventQuery(nint queried);

    [LibraryImport(Library, EntryPoint = "cuEventSynchronize")]
    public static partial int EventSynchronize(nint waited);

    [LibraryImport(Library, EntryPoint = "cuEventElapsedTime")]
    public static partial int EventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    public static partial int EventDestroy(nint destroyed);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial int GraphInstantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphUpload")]
    public static partial int GraphUpload(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial int GraphLaunch(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial int GraphExecDestroy(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial int GraphDestroy(nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphGetNodes")]
    public static partial int GraphGetNodes(nint graph, nint* nodes, ref nuint count);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadDataEx")]
    public static partial int ModuleLoad(out nint module, byte* image, uint optionCount, CudaJitOption* options, nint* values);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    public static partial int ModuleUnload(nint module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction")]
    public static partial int ModuleGetFunction(out nint function, nint module, byte* name);

    [LibraryImport(Library, EntryPoint = "cuFuncGetAttribute")]
    public static partial int FunctionGetAttribute(out int value, CudaFunctionAttribute attribute, nint function);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    public static partial int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream,
        void** arguments, void** extra);

    [LibraryImport(Library, EntryPoint = "cuProfilerStart")]
    public static partial int ProfilerStart();

    [LibraryImport(Library, EntryPoint = "cuProfilerStop")]
    public static partial int ProfilerStop();
}
