namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnBackendHeurMode_t</c> that we use.</summary>
internal enum CudnnHeuristicMode
{
    Fallback = 2,
    A = 3,
}
