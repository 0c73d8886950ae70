namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>CUfunction_attribute</c> that we ask for.</summary>
internal enum CudaFunctionAttribute
{
    MaxThreadsPerBlock = 0,
    LocalSizeBytes = 3,
    Registers = 4,
}
