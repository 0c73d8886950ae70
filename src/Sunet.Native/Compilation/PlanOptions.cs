using Sunet.Native.Backends;

namespace Sunet.Native.Compilation;

/// <summary>How a graph is compiled.</summary>
public sealed record PlanOptions
{
    /// <summary>What the plan is for; a backend may choose other implementations and layouts.</summary>
    public PlanPurpose Purpose { get; init; } = PlanPurpose.Inference;

    /// <summary>
    /// How many plans of this kind are meant to run at a time, from 1 up. Where a call uses several processors, each plan takes its share
    /// of them: on the CPU, plans of a backend of 8 threads that run four at a time use 2 threads each.
    /// </summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>How many more copies of the parameters' memory an optimizer wants, such as one for the velocity.</summary>
    public int OptimizerSlots { get; init; }

    /// <summary>Whether the plan has memory for averages of its parameters and buffers over the steps.</summary>
    internal bool KeepsAverages { get; init; }

    /// <summary>A plan that needs more bytes is refused before anything is allocated.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;

    /// <summary>Bytes of the host's memory that the caller needs beside the plan when it runs, such as for what it reads of it.</summary>
    public long BufferBytes { get; init; }

    /// <summary>
    /// Where the plan's parameters and buffers lie for other plans of the same model to read, too; it must outlive the plan. Null where
    /// the plan has its own. Only for plans that do not change them.
    /// </summary>
    internal WeightStore? Weights { get; init; }
}
