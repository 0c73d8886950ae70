namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasComputeType_t</c> that we use.</summary>
internal enum CublasComputeType
{
    Float32 = 68,
    Float32FastTf32 = 77,
}
