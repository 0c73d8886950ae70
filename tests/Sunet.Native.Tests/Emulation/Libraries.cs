using System.Runtime.InteropServices;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The emulated cuDNN, cuBLASLt and NVTX by their own entry points, so that wrong calls can be made too.</summary>
internal static unsafe partial class Libraries
{
    private const string Library = "sunet_emulator";

    [LibraryImport(Library, EntryPoint = "cudnnCreate")]
    public static partial int CudnnCreate(out nint handle);

    [LibraryImport(Library, EntryPoint = "cudnnDestroy")]
    public static partial int CudnnDestroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cudnnSetStream")]
    public static partial int CudnnSetStream(nint handle, nint stream);

    [LibraryImport(Library, EntryPoint = "cudnnGetStream")]
    public static partial int CudnnGetStream(nint handle, out nint stream);

    [LibraryImport(Library, EntryPoint = "cudnnGetVersion")]
    public static partial nuint CudnnGetVersion();

    [LibraryImport(Library, EntryPoint = "cudnnGraphVersionCheck")]
    public static partial int CudnnGraphVersionCheck();

    [LibraryImport(Library, EntryPoint = "cudnnGetErrorString")]
    public static partial nint CudnnGetErrorString(int status);

    [LibraryImport(Library, EntryPoint = "cudnnGetLastErrorString")]
    public static partial void CudnnGetLastErrorString(byte* message, nuint capacity);

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
    public static partial int Execute(nint handle, nint plan, nint pack);

    [LibraryImport(Library, EntryPoint = "cublasLtGetVersion")]
    public static partial nuint LtGetVersion();

    [LibraryImport(Library, EntryPoint = "cublasLtGetStatusName")]
    public static partial nint LtGetStatusName(int status);

    [LibraryImport(Library, EntryPoint = "cublasLtGetStatusString")]
    public static partial nint LtGetStatusString(int status);

    [LibraryImport(Library, EntryPoint = "cublasLtCreate")]
    public static partial CublasResult LtCreate(out nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtDestroy")]
    public static partial CublasResult LtDestroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescCreate")]
    public static partial CublasResult LtMatmulCreate(out nint descriptor, CublasComputeType compute, CudaDataType scale);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescDestroy")]
    public static partial CublasResult LtMatmulDestroy(nint descriptor);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescSetAttribute")]
    public static partial CublasResult LtMatmulSet(nint descriptor, CublasLtMatmulAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutCreate")]
    public static partial CublasResult LtLayoutCreate(out nint layout, CudaDataType type, ulong rows, ulong columns, long leading);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutDestroy")]
    public static partial CublasResult LtLayoutDestroy(nint layout);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutSetAttribute")]
    public static partial CublasResult LtLayoutSet(nint layout, CublasLtLayoutAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceCreate")]
    public static partial CublasResult LtPreferenceCreate(out nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceDestroy")]
    public static partial CublasResult LtPreferenceDestroy(nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceSetAttribute")]
    public static partial CublasResult LtPreferenceSet(nint preference, CublasLtPreferenceAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulAlgoGetHeuristic")]
    public static partial CublasResult LtHeuristic(
        nint handle, nint descriptor, nint a, nint b, nint c, nint d, nint preference, int requested, CublasLtHeuristicResult* results,
        out int returned);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmul")]
    public static partial CublasResult LtMatmul(
        nint handle, nint descriptor, void* alpha, nint a, nint aLayout, nint b, nint bLayout, void* beta, nint c, nint cLayout, nint d,
        nint dLayout, void* algorithm, nint workspace, nuint workspaceBytes, nint stream);

    [LibraryImport(Library, EntryPoint = "nvtxRangePushA", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RangePush(string text);

    [LibraryImport(Library, EntryPoint = "nvtxRangePop")]
    public static partial int RangePop();

    [LibraryImport(Library, EntryPoint = "nvtxMarkA", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void Mark(string text);

    [LibraryImport(Library, EntryPoint = "nvtxDomainCreateA", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint DomainCreate(string name);

    [LibraryImport(Library, EntryPoint = "nvtxDomainDestroy")]
    public static partial void DomainDestroy(nint domain);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRegisterStringA", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint DomainRegister(nint domain, string text);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePushEx")]
    public static partial int DomainPush(nint domain, void* attributes);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePop")]
    public static partial int DomainPop(nint domain);
}
