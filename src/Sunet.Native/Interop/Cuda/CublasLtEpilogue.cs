namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasLtEpilogue_t</c> that we use.</summary>
internal enum CublasLtEpilogue
{
    Default = 1,
    Relu = 2,
    Bias = 4,
    ReluBias = 6,
}
