namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasLtMatmulPreferenceAttributes_t</c> that we set.</summary>
internal enum CublasLtPreferenceAttribute
{
    MaxWorkspaceBytes = 1,
    MinAlignmentA = 5,
    MinAlignmentB = 6,
    MinAlignmentC = 7,
    MinAlignmentD = 8,
}
