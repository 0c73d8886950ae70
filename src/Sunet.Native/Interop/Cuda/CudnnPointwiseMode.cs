namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnPointwiseMode_t</c> that we use.</summary>
internal enum CudnnPointwiseMode
{
    Add = 0,
    ReluForward = 100,
}
