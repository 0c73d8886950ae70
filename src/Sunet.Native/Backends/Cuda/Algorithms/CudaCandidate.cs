namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>A way to solve a problem that has not been tried yet.</summary>
/// <param name="Identity">Names the candidate among those of its problem, and of every equal one.</param>
/// <param name="Build">
/// Makes it ready, or gives null where the library cannot after all. It may be called until the next candidate is asked for.
/// </param>
internal readonly record struct CudaCandidate(string Identity, Func<CudaAlgorithm?> Build)
{
    /// <summary>Puts something behind what the candidate builds; its identity stays.</summary>
    public CudaCandidate Then(Func<CudaAlgorithm, CudaAlgorithm> wrap)
    {
        Func<CudaAlgorithm?> build = Build;
        return this with { Build = () => build() is { } inner ? wrap(inner) : null };
    }
}
