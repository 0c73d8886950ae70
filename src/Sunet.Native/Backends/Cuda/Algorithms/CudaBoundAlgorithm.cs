namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>An algorithm with its addresses.</summary>
internal abstract class CudaBoundAlgorithm : IDisposable
{
    /// <summary>Queues one run. Allocates nothing; the device is entered.</summary>
    public abstract void Run();

    /// <summary>Releases what binding made.</summary>
    public abstract void Dispose();
}
