using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

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
