namespace Sunet.Native.Backends.Cuda;

/// <summary>How a GPU is used.</summary>
public sealed record CudaOptions
{
    /// <summary>Arithmetic and element types.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Whether only algorithms are used that give the same bits every time.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Whether a step, or a prediction, is captured as one CUDA graph and replayed.</summary>
    public bool UseGraphs { get; init; } = true;

    /// <summary>
    /// Whether algorithms are chosen by timing all there are, once a shape; otherwise by the library's own estimate, which is also taken
    /// where <see cref="Deterministic"/> is set, since times differ from run to run.
    /// </summary>
    public bool TuneAlgorithms { get; init; }

    /// <summary>
    /// Whether engines that cuDNN brings compiled are preferred to those whose kernels it compiles for every shape. A network of a further
    /// size is then compiled sooner and may run slower: it suits images of many sizes, of which each comes a few times. The bits of results
    /// depend on it, as on every choice of algorithms.
    /// </summary>
    public bool PreferPrecompiled { get; init; }

    /// <summary>
    /// Threads that make cuDNN's plans while a network is compiled, where algorithms are not timed; cuDNN compiles a kernel for most, which
    /// takes a few tenths of a second each. 0: one a processor, up to 16. The choice does not depend on it.
    /// </summary>
    public int CompileThreads { get; init; }

    /// <summary>Algorithms that need more scratch memory than this are not considered; in bytes.</summary>
    public long WorkspaceLimitBytes { get; init; } = 1L << 30;

    /// <summary>The most device memory the backend takes, in bytes.</summary>
    public long MemoryLimitBytes { get; init; } = long.MaxValue;

    /// <summary>Refuses numbers that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Precision))
            throw new ConfigurationException($"There is no precision {Precision}; float32, tf32 and bf16 are known.");
        if (WorkspaceLimitBytes < 0)
            throw new ConfigurationException($"The workspace limit of {WorkspaceLimitBytes} bytes is below 0.");
        if (CompileThreads < 0)
            throw new ConfigurationException($"A number of {CompileThreads} threads is below 0.");
        if (MemoryLimitBytes < 1)
            throw new ConfigurationException($"The memory limit of {MemoryLimitBytes} bytes is below 1.");
    }
}
