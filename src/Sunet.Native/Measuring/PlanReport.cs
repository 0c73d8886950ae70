using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Measuring;

/// <summary>One call of a plan, described.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Kind">The kind of op, such as <c>Convolution</c>.</param>
/// <param name="Phase">When it runs.</param>
/// <param name="Output">The shape of its first output; null for a call that changes buffers and has none.</param>
/// <param name="Format">The layout of its first output, such as <c>aBcd16b</c>; empty without one.</param>
/// <param name="Implementation">What the backend chose for it.</param>
/// <param name="Bytes">Bytes of its first output, padding of the layout included; 0 without one.</param>
/// <param name="Flops">Floating-point operations, a multiply-add counted as two; 0 where memory is only moved.</param>
internal sealed record PlanReportRow(
    string Layer, string Kind, Phase Phase, Shape? Output, string Format, string Implementation, long Bytes, long Flops);

/// <summary>A part of a plan's memory.</summary>
/// <param name="Name">What lies there.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record PlanReportRegion(string Name, long Bytes);

/// <summary>What a plan does and needs, as a table for people: its calls in running order and its memory by region.</summary>
/// <param name="Rows">One row a call.</param>
/// <param name="Regions">The parts of the memory; together <paramref name="TotalBytes"/>.</param>
/// <param name="TotalFlops">The sum over all rows.</param>
/// <param name="TotalBytes">All bytes on the device.</param>
/// <param name="ActivationBytesUnshared">What activations would take if none shared memory.</param>
internal sealed record PlanReport(
    IReadOnlyList<PlanReportRow> Rows, IReadOnlyList<PlanReportRegion> Regions,
    long TotalFlops, long TotalBytes, long ActivationBytesUnshared)
{
    /// <summary>Describes a plan; nothing runs.</summary>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public static PlanReport Of(Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using CallGate.Scope inside = plan.Enter();
        PlanReportRow[] rows = [.. plan.Calls.Select(c => RowOf(plan.Session, c))];
        MemoryPlan memory = plan.Memory;
        List<PlanReportRegion> regions =
        [
            new("parameters", memory.Parameters.Bytes),
            new("running statistics", memory.Buffers.Bytes),
            new("gradients", memory.Gradients.Bytes),
            new("optimizer", memory.OptimizerSlots.Sum(r => r.Bytes)),
            new("activations", memory.Activations.Bytes),
            new("scratch", memory.Scratch.Bytes),
        ];
        if (memory.ParameterCopy.Bytes > 0)
            regions.Insert(1, new("parameters, copy", memory.ParameterCopy.Bytes));
        if (memory.ParameterAverages.Bytes > 0)
            regions.Add(new("averages", memory.ParameterAverages.Bytes + memory.BufferAverages.Bytes));
        if (memory.SessionBytes > 0)
            regions.Add(new("transfers", memory.SessionBytes));
        return new PlanReport(rows, regions, rows.Sum(r => r.Flops), memory.TotalBytes, memory.ActivationBytesUnshared);
    }

    private static PlanReportRow RowOf(IBackendSession session, PlannedCall planned)
    {
        Op op = planned.Op;
        Value? output = op.Outputs.Count > 0 ? op.Output : null;
        return new PlanReportRow(
            op.Name, op.Kind, op.Phase, output?.Shape, output is null ? "" : session.Layouts.FormatOf(output), planned.Call.Implementation,
            output is null ? 0 : session.Layouts.BytesOf(output), op.Flops);
    }
}
