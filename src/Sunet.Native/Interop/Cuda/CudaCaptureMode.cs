namespace Sunet.Native.Interop.Cuda;

/// <summary>The value of <c>CUstreamCaptureMode</c> that we use: only the capturing thread is held to the rules.</summary>
internal enum CudaCaptureMode
{
    ThreadLocal = 1,
}
