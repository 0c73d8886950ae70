namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudaDataType</c> that we use.</summary>
internal enum CudaDataType
{
    Float32 = 0,
    BFloat16 = 14,
}
