using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary>The entry points of cuBLASLt that we call. Those that return an int return a <see cref="CublasResult"/>.</summary>
internal static unsafe partial class CublasLt
{
    /// <summary>The name the resolver knows.</summary>
    public const string Library = "cublasLt";

    /// <summary>Everything below; the library is refused when one is missing.</summary>
    public static readonly string[] EntryPoints =
    [
        "cublasLtGetVersion", "cublasLtGetStatusName", "cublasLtGetStatusString", "cublasLtCreate", "cublasLtDestroy",
        "cublasLtMatmulDescCreate", "cublasLtMatmulDescDestroy", "cublasLtMatmulDescSetAttribute", "cublasLtMatrixLayoutCreate",
        "cublasLtMatrixLayoutDestroy", "cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceDestroy",
        "cublasLtMatmulPreferenceSetAttribute", "cublasLtMatmulAlgoGetHeuristic", "cublasLtMatmul",
    ];

    [LibraryImport(Library, EntryPoint = "cublasLtGetVersion")]
    public static partial nuint GetVersion();

    [LibraryImport(Library, EntryPoint = "cublasLtGetStatusName")]
    public static partial byte* GetStatusName(int status);

    [LibraryImport(Library, EntryPoint = "cublasLtGetStatusString")]
    public static partial byte* GetStatusString(int status);

    [LibraryImport(Library, EntryPoint = "cublasLtCreate")]
    public static partial int Create(out nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescCreate")]
    public static partial int MatmulDescriptorCreate(out nint descriptor, CublasComputeType compute, CudaDataType scale);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescDestroy")]
    public static partial int MatmulDescriptorDestroy(nint descriptor);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescSetAttribute")]
    public static partial int MatmulDescriptorSetAttribute(nint descriptor, CublasLtMatmulAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutCreate")]
    public static partial int LayoutCreate(out nint layout, CudaDataType type, ulong rows, ulong columns, long leadingDimension);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutDestroy")]
    public static partial int LayoutDestroy(nint layout);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceCreate")]
    public static partial int PreferenceCreate(out nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceDestroy")]
    public static partial int PreferenceDestroy(nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceSetAttribute")]
    public static partial int PreferenceSetAttribute(nint preference, CublasLtPreferenceAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulAlgoGetHeuristic")]
    public static partial int GetHeuristic(
        nint handle, nint descriptor, nint a, nint b, nint c, nint d, nint preference, int requested, CublasLtHeuristicResult* results,
        out int returned);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmul")]
    public static partial int Matmul(
        nint handle, nint descriptor, void* alpha, nint a, nint aLayout, nint b, nint bLayout, void* beta, nint c, nint cLayout, nint d,
        nint dLayout, CublasLtAlgorithm* algorithm, nint workspace, nuint workspaceBytes, nint stream);
}
