namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// What a library is asked to compute, apart from addresses. Equal problems share one algorithm, so everything that its choice may depend
/// on is part of the record, but for the options of the backend.
/// </summary>
internal abstract record CudaProblem
{
    /// <summary>The bytes of each operand, in the order in which their addresses are bound; 0 for those it does not have.</summary>
    public abstract long[] OperandBytes { get; }

    /// <summary>Ways to solve the problem, the one expected to be best first. They are made one by one, as the caller asks on.</summary>
    public abstract IEnumerable<CudaCandidate> Candidates(AlgorithmSearch search);
}
