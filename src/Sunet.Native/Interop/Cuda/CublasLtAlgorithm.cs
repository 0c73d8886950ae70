using System.Runtime.CompilerServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary><c>cublasLtMatmulAlgo_t</c>: 64 opaque bytes.</summary>
[InlineArray(8)]
internal struct CublasLtAlgorithm
{
    private ulong first;
}
