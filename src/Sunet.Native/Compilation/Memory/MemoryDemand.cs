using System.Globalization;
using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Memory;

/// <summary>Refuses plans that need more memory than they may take, or than there is, before anything is allocated.</summary>
internal static class MemoryDemand
{
    /// <summary>The fewest bytes an element of an activation takes.</summary>
    private const long LeastBytes = 2;

    /// <summary>
    /// Refuses a graph that cannot fit whatever layouts and implementations are chosen, since what one convolution reads and writes must be
    /// in memory at the same time. Without this check, preparing the calls of very large graphs would take long before they are refused.
    /// </summary>
    /// <exception cref="MemoryException">It cannot.</exception>
    public static void RequirePossible(Graph graph, long limit, IBackend backend)
    {
        Convolution? largest = graph.Ops.OfType<Convolution>().MaxBy(Elements);
        if (largest is null || Elements(largest) * LeastBytes is var needed && needed <= Math.Min(limit, backend.AvailableBytes))
            return;
        throw new MemoryException(string.Create(CultureInfo.InvariantCulture, $"Layer '{largest.Name}' alone, of {largest.X.Shape} to "
            + $"{largest.Output.Shape}, needs {needed:N0} bytes and {Limit(limit, backend.AvailableBytes)}; use a smaller batch or image."),
            needed);

        static long Elements(Convolution c) => c.X.Shape.Count + c.Output.Shape.Count;
    }

    /// <summary>Refuses a plan whose memory is known.</summary>
    /// <param name="memory">The plan's.</param>
    /// <param name="sharedBytes">What it adds to the weights that it shares.</param>
    /// <param name="limit">The most that it may take.</param>
    /// <param name="bufferBytes">What its caller will take beside it, of the host's memory.</param>
    /// <param name="backend">Knows what there is.</param>
    /// <exception cref="MemoryException">It is too much.</exception>
    public static void Require(MemoryPlan memory, long sharedBytes, long limit, long bufferBytes, IBackend backend)
    {
        long needed = memory.TotalBytes + sharedBytes, available = backend.AvailableBytes;
        long buffers = backend.UsesHostMemory ? bufferBytes : 0;
        if (needed <= Math.Min(limit, available - buffers))
            return;
        string beside = buffers > 0 ? string.Create(CultureInfo.InvariantCulture, $" beside {buffers:N0} for results") : "";
        throw new MemoryException(string.Create(CultureInfo.InvariantCulture,
            $"The plan needs {needed:N0} bytes ({memory.Parameters.Bytes + memory.ParameterCopy.Bytes + sharedBytes:N0} for parameters, "
            + $"{memory.Gradients.Bytes + memory.OptimizerSlots.Sum(s => s.Bytes):N0} for gradients and optimizer, "
            + $"{memory.Activations.Bytes:N0} for activations, {memory.Scratch.Bytes:N0} for scratch){beside} "
            + $"and {Limit(limit, available)}; "
            + $"use a smaller batch or image."), needed);
    }

    private static string Limit(long allowed, long available) => allowed <= available
        ? string.Create(CultureInfo.InvariantCulture, $"{allowed:N0} are allowed")
        : string.Create(CultureInfo.InvariantCulture, $"the device has {available:N0} left");
}
