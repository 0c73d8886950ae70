using System.Runtime.InteropServices;
using Sunet.Native.Backends;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation;

/// <summary>
/// What a trainer does with a plan beside running its phases: the check of a step, sums of gradients over several batches, updates, and the
/// optimizer's memory. Gradients, velocities and sums lie like the parameters, each in a region of its own; this is the place that knows.
/// </summary>
internal sealed class PlanTraining(Graph graph, IBackendSession session, MemoryPlan memory, PlanAddresses addresses)
{
    private const int VelocitySlot = 0, SumSlot = 1;

    /// <summary>Optimizer slots of a plan that updates after every batch: the velocity.</summary>
    public const int Slots = 1;

    /// <summary>Optimizer slots of a plan that sums the gradients of several batches: the velocity and the sum.</summary>
    public const int SlotsWithSum = 2;

    /// <summary>Whether calls return before their work is done, so that the next batch may be written meanwhile.</summary>
    public bool RunsAhead => session.RunsAhead;

    private long GradientCount => memory.Gradients.Bytes / sizeof(float);

    /// <summary>Prepares the check of a step, made between its backward pass and its updates; the caller disposes it.</summary>
    /// <param name="loss">The loss, a float32 scalar.</param>
    /// <param name="invalid">How many labels were out of range, an int32 scalar.</param>
    public PreparedWork PrepareCheck(Value loss, Value invalid) =>
        session.StepWork.PrepareCheck(addresses.Of(loss), addresses.Of(invalid), GradientCount, addresses.Of(memory.Gradients));

    /// <summary>The result of the last check; waits until it is made.</summary>
    public StepCheck LastCheck() => session.StepWork.LastCheck();

    /// <summary>Prepares the addition of the gradients onto their sum; the caller disposes it.</summary>
    public PreparedWork PrepareAccumulate() => session.StepWork.PrepareAccumulate(
        GradientCount, addresses.Of(memory.Gradients), addresses.Of(memory.OptimizerSlots[SumSlot]));

    /// <summary>Sets the sum of gradients to zero.</summary>
    public void ClearSum()
    {
        MemoryPlan.Region sum = memory.OptimizerSlots[SumSlot];
        session.Transfers.Clear(sum.Bytes, addresses.Of(sum));
    }

    /// <summary>Prepares the limit of the norm of all gradients, or of their sum over several batches; the caller disposes it.</summary>
    /// <param name="maxNorm">Above 0.</param>
    /// <param name="ofSum">Whether the sum is limited.</param>
    public PreparedWork PrepareClip(float maxNorm, bool ofSum) => session.StepWork.PrepareClip(
        GradientCount, addresses.Of(ofSum ? memory.OptimizerSlots[SumSlot] : memory.Gradients), maxNorm);

    /// <summary>
    /// Prepares the updates of all parameters that have a gradient. Neighbours in memory that learn at one rate are updated by one call.
    /// The caller disposes the updates.
    /// </summary>
    /// <param name="arguments">Rates and switches.</param>
    /// <param name="multiplierOf">Times the learning rate, by a parameter's name.</param>
    /// <param name="fromSum">Whether gradients are read from their sum over several batches.</param>
    /// <param name="updates">Receives the updates with their multipliers, those before a failure included.</param>
    /// <exception cref="BackendException">The device failed.</exception>
    public void PrepareUpdates(in SgdArguments arguments, Func<string, float> multiplierOf, bool fromSum,
        List<(ParameterUpdate Update, float Multiplier)> updates)
    {
        MemoryPlan.Region gradients = fromSum ? memory.OptimizerSlots[SumSlot] : memory.Gradients;
        foreach (Run run in Runs(multiplierOf))
        {
            nint copy = session.ParameterCopies is null ? 0 : addresses.CopyOf(run.First);
            updates.Add((session.StepWork.PrepareUpdate(arguments, run.Bytes / sizeof(float), addresses.Of(run.First), copy,
                addresses.Beside(run.First, gradients), VelocityOf(run.First)), run.Multiplier));
        }
    }

    /// <summary>
    /// Prepares the updates of the averages of parameters and buffers; the caller disposes them. An average a of values p becomes
    /// a + r (p - a), which is what an optimizer without momentum makes of a at the rate r with a weight decay of 1 and -p as gradient.
    /// Like any update it does nothing if the step was not sound.
    /// </summary>
    /// <param name="updates">Receives the updates, those before a failure included.</param>
    /// <exception cref="BackendException">The device failed.</exception>
    public void PrepareAverages(List<ParameterUpdate> updates)
    {
        var arguments = new SgdArguments(Momentum: 0, Dampening: 0, WeightDecay: 1, GradientScale: -1, Nesterov: false);
        foreach ((MemoryPlan.Region values, MemoryPlan.Region averages) in new[]
            { (memory.Parameters, memory.ParameterAverages), (memory.Buffers, memory.BufferAverages) })
        {
            if (averages.Bytes > 0)
            {
                updates.Add(session.StepWork.PrepareUpdate(
                    arguments, averages.Bytes / sizeof(float), addresses.Of(averages), copy: 0, addresses.Of(values), velocity: 0));
            }
        }
    }

    /// <summary>Writes the average of a parameter or buffer, row-major.</summary>
    public void WriteAverage(Value value, ReadOnlySpan<float> elements) =>
        session.Transfers.Upload(value, addresses.AverageOf(value), MemoryMarshal.AsBytes(elements));

    /// <summary>Reads the average of a parameter or buffer, row-major.</summary>
    public void ReadAverage(Value value, Span<float> elements) =>
        session.Transfers.Download(value, addresses.AverageOf(value), MemoryMarshal.AsBytes(elements));

    /// <summary>Writes the velocity of a parameter, row-major.</summary>
    public void WriteVelocity(Value parameter, ReadOnlySpan<float> elements) =>
        session.Transfers.Upload(parameter, VelocityOf(parameter), MemoryMarshal.AsBytes(elements));

    /// <summary>Reads the velocity of a parameter, row-major.</summary>
    public void ReadVelocity(Value parameter, Span<float> elements) =>
        session.Transfers.Download(parameter, VelocityOf(parameter), MemoryMarshal.AsBytes(elements));

    /// <summary>Whether no element of a float32 value is NaN or infinite.</summary>
    public bool IsFinite(Value value) => session.Transfers.AllFinite(value, addresses.Of(value));

    /// <summary>Makes the work of a whole step cheaper to repeat, where the device can; the caller disposes it.</summary>
    /// <param name="work">Runs phases of the plan and work prepared here, and nothing else.</param>
    public PreparedWork Record(Action work) => session.Record(work);

    private nint VelocityOf(Value parameter) => addresses.Beside(parameter, memory.OptimizerSlots[VelocitySlot]);

    private List<Run> Runs(Func<string, float> multiplierOf)
    {
        HashSet<Value> trained = [.. graph.Ops.SelectMany(o => o.Outputs).Select(o => o.GradientOf).OfType<Value>()];
        IReadOnlyList<Value> all = graph.Parameters;
        var runs = new List<Run>();
        long end = -1;
        for (int i = 0; i < all.Count; i++)
        {
            if (!trained.Contains(all[i]))
                continue;
            long start = memory.OffsetOf(all[i]);
            long next = i + 1 < all.Count ? memory.OffsetOf(all[i + 1]) : memory.Parameters.Offset + memory.Parameters.Bytes;
            float multiplier = multiplierOf(all[i].Name);
            if (runs.Count > 0 && runs[^1].Multiplier == multiplier && end == start)
                runs[^1] = runs[^1] with { Bytes = runs[^1].Bytes + next - start };
            else
                runs.Add(new Run(all[i], next - start, multiplier));
            end = next;
        }

        return runs;
    }

    /// <summary>Parameters that lie side by side and learn at one rate.</summary>
    private readonly record struct Run(Value First, long Bytes, float Multiplier);
}
