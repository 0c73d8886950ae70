namespace Sunet.Native.Interop.Cuda;

/// <summary>The value of <c>cudnnConvolutionMode_t</c> that deep learning calls convolution.</summary>
internal enum CudnnConvolutionMode
{
    CrossCorrelation = 1,
}
