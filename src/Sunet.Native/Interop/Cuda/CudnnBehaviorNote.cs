namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnBackendBehaviorNote_t</c> that we look at.</summary>
internal enum CudnnBehaviorNote
{
    RuntimeCompilation = 0,
}
