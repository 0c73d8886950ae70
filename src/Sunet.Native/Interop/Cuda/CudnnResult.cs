namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnStatus_t</c> that we tell apart; thousands are the category.</summary>
internal enum CudnnResult
{
    Success = 0,
    NotSupported = 3000,
    HostAllocationFailed = 4003,
    DeviceAllocationFailed = 4004,
}
