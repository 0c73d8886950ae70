using System.Runtime.InteropServices;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Emulation;

/// <summary>What the driver answers.</summary>
internal enum Answer
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    NoDevice = 100,
    InvalidImage = 200,
    InvalidContext = 201,
    NoBinaryForGpu = 209,
    InvalidPtx = 218,
    UnsupportedPtxVersion = 222,
    InvalidHandle = 400,
    IllegalState = 401,
    NotFound = 500,
    NotReady = 600,
    IllegalAddress = 700,
    ContextIsDestroyed = 709,
    MisalignedAddress = 716,
    LaunchFailed = 719,
    CaptureUnsupported = 900,
    CaptureInvalidated = 901,
    CaptureMerge = 902,
    CaptureUnmatched = 903,
    CaptureUnjoined = 904,
    CaptureIsolation = 905,
    CapturedEvent = 907,
    CaptureWrongThread = 908,
}

/// <summary>The emulated driver by its own entry points, for calls that the product has no reason to make.</summary>
internal static unsafe partial class Driver
{
    private const string Library = "sunet_emulator";

    [LibraryImport(Library, EntryPoint = "cuInit")]
    public static partial Answer Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    public static partial Answer DeviceGetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    public static partial Answer GetErrorName(Answer error, out nint text);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial Answer ContextRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial Answer ContextRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuCtxPushCurrent_v2")]
    public static partial Answer ContextPush(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPopCurrent_v2")]
    public static partial Answer ContextPop(out nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxSetCurrent")]
    public static partial Answer ContextSet(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxSynchronize")]
    public static partial Answer Synchronize();

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    public static partial Answer MemoryInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    public static partial Answer Allocate(out nint address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    public static partial Answer Free(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemAllocAsync")]
    public static partial Answer AllocateAsync(out nint address, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemFreeAsync")]
    public static partial Answer FreeAsync(nint address, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemHostAlloc")]
    public static partial Answer HostAllocate(out nint address, nuint bytes, uint flags);

    [LibraryImport(Library, EntryPoint = "cuMemFreeHost")]
    public static partial Answer HostFree(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemHostGetDevicePointer_v2")]
    public static partial Answer HostDevicePointer(out nint device, nint address, uint flags);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static partial Answer ToDeviceAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static partial Answer ToHostAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial Answer OnDeviceAsync(nint destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoD_v2")]
    public static partial Answer ToDevice(nint destination, void* source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoH_v2")]
    public static partial Answer ToHost(void* destination, nint source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemsetD32Async")]
    public static partial Answer Fill(nint destination, uint value, nuint count, nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamCreate")]
    public static partial Answer StreamCreate(out nint stream, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    public static partial Answer StreamDestroy(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamSynchronize")]
    public static partial Answer StreamSynchronize(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamQuery")]
    public static partial Answer StreamQuery(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamWaitEvent")]
    public static partial Answer StreamWait(nint stream, nint waited, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial Answer BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial Answer EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuStreamIsCapturing")]
    public static partial Answer IsCapturing(nint stream, out int status);

    [LibraryImport(Library, EntryPoint = "cuThreadExchangeStreamCaptureMode")]
    public static partial Answer ExchangeMode(ref int mode);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    public static partial Answer EventCreate(out nint created, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    public static partial Answer EventRecord(nint recorded, nint stream);

    [LibraryImport(Library, EntryPoint = "cuEventQuery")]
    public static partial Answer EventQuery(nint queried);

    [LibraryImport(Library, EntryPoint = "cuEventSynchronize")]
    public static partial Answer EventSynchronize(nint waited);

    [LibraryImport(Library, EntryPoint = "cuEventElapsedTime")]
    public static partial Answer EventElapsed(out float milliseconds, nint start, nint end);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    public static partial Answer EventDestroy(nint destroyed);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial Answer Instantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial Answer GraphLaunch(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial Answer GraphExecDestroy(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial Answer GraphDestroy(nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphGetNodes")]
    public static partial Answer GraphNodes(nint graph, nint* nodes, ref nuint count);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadDataEx")]
    public static partial Answer ModuleLoad(out nint module, byte* image, uint optionCount, int* options, nint* values);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    public static partial Answer ModuleUnload(nint module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    public static partial Answer GetFunction(out nint function, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    public static partial Answer Launch(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream,
        nint* parameters, nint* extra);
}
