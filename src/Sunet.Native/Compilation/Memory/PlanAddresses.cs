using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation.Memory;

/// <summary>Where everything of a plan lies: its own values in its arena, shared weights in their store.</summary>
internal sealed class PlanAddresses(MemoryPlan memory, nint start, IReadOnlyDictionary<Value, StoredWeight> shared) : IValueAddresses
{
    /// <inheritdoc/>
    public nint Scratch => Of(memory.Scratch);

    /// <inheritdoc/>
    public nint Of(Value value) =>
        shared.TryGetValue(value, out StoredWeight? stored) ? stored.Address : start + (nint)memory.OffsetOf(value);

    /// <summary>The first byte of a part of the arena.</summary>
    public nint Of(MemoryPlan.Region region) => start + (nint)region.Offset;

    /// <inheritdoc/>
    public nint CopyOf(Value parameter) =>
        shared.TryGetValue(parameter, out StoredWeight? stored) ? stored.CopyAddress : start + (nint)memory.CopyOffsetOf(parameter);

    /// <summary>Where a parameter or buffer has its average over the steps.</summary>
    public nint AverageOf(Value value) => value.Kind == ValueKind.Parameter
        ? Beside(value, memory.ParameterAverages)
        : Of(memory.BufferAverages) + (nint)(memory.OffsetOf(value) - memory.Buffers.Offset);

    /// <summary>Where a parameter's place is in a region that mirrors the parameters: gradients, velocity, sums of gradients.</summary>
    public nint Beside(Value parameter, MemoryPlan.Region region) =>
        Of(region) + (nint)(memory.OffsetOf(parameter) - memory.Parameters.Offset);
}
