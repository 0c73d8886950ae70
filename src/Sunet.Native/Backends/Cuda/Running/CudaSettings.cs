namespace Sunet.Native.Backends.Cuda.Running;

/// <summary>What of a backend's options calls and their algorithms depend on.</summary>
internal readonly record struct CudaSettings
{
    /// <summary>Whether float32 factors may be rounded to TF32 for tensor cores.</summary>
    public required bool AllowTf32 { get; init; }

    /// <summary>Whether only algorithms are used that give the same bits every time.</summary>
    public required bool Deterministic { get; init; }

    /// <summary>Whether candidates for an algorithm are timed; otherwise the library's own estimate decides.</summary>
    public required bool TimesAlgorithms { get; init; }

    /// <summary>Whether an engine whose kernel cuDNN would have to compile is taken only where there is no other.</summary>
    public required bool PrefersPrecompiled { get; init; }

    /// <summary>Threads that search for algorithms; 0: as many as there are processors, up to a limit.</summary>
    public required int CompileThreads { get; init; }

    /// <summary>Algorithms that need more scratch memory than this are not considered; in bytes.</summary>
    public required long WorkspaceLimitBytes { get; init; }

    /// <summary>Whether recorded work is captured as a CUDA graph and replayed.</summary>
    public required bool UsesGraphs { get; init; }
}
