namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>Parts of an algorithm, one after the other; it owns them.</summary>
internal sealed class AlgorithmSequence(params CudaBoundAlgorithm[] parts) : CudaBoundAlgorithm
{
    public override void Run()
    {
        foreach (CudaBoundAlgorithm part in parts)
            part.Run();
    }

    public override void Dispose()
    {
        foreach (CudaBoundAlgorithm part in parts)
            part.Dispose();
    }
}
