namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasStatus_t</c> that we tell apart; the library names the others.</summary>
internal enum CublasResult
{
    Success = 0,
    AllocationFailed = 3,
    NotSupported = 15,
}
