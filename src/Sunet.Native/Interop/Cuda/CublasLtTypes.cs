using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasStatus_t</c> that we tell apart; the library names the others.</summary>
internal enum CublasResult
{
    Success = 0,
    AllocationFailed = 3,
    NotSupported = 15,
}

/// <summary>The values of <c>cudaDataType</c> that we use.</summary>
internal enum CudaDataType
{
    Float32 = 0,
    BFloat16 = 14,
}

/// <summary>The values of <c>cublasComputeType_t</c> that we use.</summary>
internal enum CublasComputeType
{
    Float32 = 68,
    Float32FastTf32 = 77,
}

/// <summary>The values of <c>cublasOperation_t</c> that we use.</summary>
internal enum CublasOperation
{
    None = 0,
    Transpose = 1,
}

/// <summary>The values of <c>cublasLtMatmulDescAttributes_t</c> that we set.</summary>
internal enum CublasLtMatmulAttribute
{
    TransposeA = 3,
    TransposeB = 4,
    Epilogue = 7,
    BiasPointer = 8,
}

/// <summary>The values of <c>cublasLtEpilogue_t</c> that we use.</summary>
internal enum CublasLtEpilogue
{
    Default = 1,
    Relu = 2,
    Bias = 4,
    ReluBias = 6,
}

/// <summary>The values of <c>cublasLtMatmulPreferenceAttributes_t</c> that we set.</summary>
internal enum CublasLtPreferenceAttribute
{
    MaxWorkspaceBytes = 1,
    MinAlignmentA = 5,
    MinAlignmentB = 6,
    MinAlignmentC = 7,
    MinAlignmentD = 8,
}

/// <summary><c>cublasLtMatmulAlgo_t</c>: 64 opaque bytes.</summary>
[InlineArray(8)]
internal struct CublasLtAlgorithm
{
    private ulong first;
}

/// <summary><c>cublasLtMatmulHeuristicResult_t</c>, 96 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CublasLtHeuristicResult
{
    public CublasLtAlgorithm Algorithm;
    public nuint WorkspaceBytes;
    public CublasResult State;
    public float WavesCount;
    public int Reserved0, Reserved1, Reserved2, Reserved3;
}
