using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary>
/// The entry points of cuDNN 9 that we call: handles, errors and the graph ("backend") interface. Those that return an int return a
/// <see cref="CudnnResult"/>.
/// </summary>
internal static unsafe partial class Cudnn
{
    /// <summary>The name the resolver knows.</summary>
    public const string Library = "cudnn";

    /// <summary>Everything below; the library is refused when one is missing.</summary>
    public static readonly string[] EntryPoints =
    [
        "cudnnGetVersion", "cudnnGetCudartVersion", "cudnnGetErrorString", "cudnnGetLastErrorString", "cudnnCreate", "cudnnDestroy",
        "cudnnSetStream", "cudnnBackendCreateDescriptor", "cudnnBackendDestroyDescriptor", "cudnnBackendFinalize",
        "cudnnBackendSetAttribute", "cudnnBackendGetAttribute", "cudnnBackendExecute",
    ];

    [LibraryImport(Library, EntryPoint = "cudnnGetVersion")]
    public static partial nuint GetVersion();

    [LibraryImport(Library, EntryPoint = "cudnnGetCudartVersion")]
    public static partial nuint GetCudartVersion();

    [LibraryImport(Library, EntryPoint = "cudnnGetErrorString")]
    public static partial byte* GetErrorString(int status);

    [LibraryImport(Library, EntryPoint = "cudnnGetLastErrorString")]
    public static partial void GetLastErrorString(byte* message, nuint capacity);

    [LibraryImport(Library, EntryPoint = "cudnnCreate")]
    public static partial int Create(out nint handle);

    [LibraryImport(Library, EntryPoint = "cudnnDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cudnnSetStream")]
    public static partial int SetStream(nint handle, nint stream);

    [LibraryImport(Library, EntryPoint = "cudnnBackendCreateDescriptor")]
    public static partial int CreateDescriptor(CudnnDescriptorType type, out nint descriptor);

    [LibraryImport(Library, EntryPoint = "cudnnBackendDestroyDescriptor")]
    public static partial int DestroyDescriptor(nint descriptor);

    [LibraryImport(Library, EntryPoint = "cudnnBackendFinalize")]
    public static partial int FinalizeDescriptor(nint descriptor);

    [LibraryImport(Library, EntryPoint = "cudnnBackendSetAttribute")]
    public static partial int SetAttribute(nint descriptor, CudnnAttribute name, CudnnAttributeType type, long count, void* elements);

    [LibraryImport(Library, EntryPoint = "cudnnBackendGetAttribute")]
    public static partial int GetAttribute(
        nint descriptor, CudnnAttribute name, CudnnAttributeType type, long requested, out long count, void* elements);

    [LibraryImport(Library, EntryPoint = "cudnnBackendExecute")]
    public static partial int Execute(nint handle, nint plan, nint variantPack);
}
