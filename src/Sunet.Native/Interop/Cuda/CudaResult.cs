namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>CUresult</c> that we tell apart; the driver names the others.</summary>
internal enum CudaResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidContext = 201,
    UnsupportedPtxVersion = 222,
    JitCompilationDisabled = 223,
    NotFound = 500,
    NotReady = 600,
}
