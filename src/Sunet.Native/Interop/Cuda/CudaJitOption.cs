namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>CUjit_option</c> that we set.</summary>
internal enum CudaJitOption
{
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}
