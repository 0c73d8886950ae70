namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnDataType_t</c> that we use.</summary>
internal enum CudnnDataType
{
    Float32 = 0,
    BFloat16 = 9,
}
