using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation.Memory;

/// <summary>
/// Assigns every value of a plan its place in one arena. Parameters, buffers and gradients have regions of their own, in the model's order.
/// Activations share memory as far as their lifetimes allow. Scratch memory is one block that calls use one after the other.
/// </summary>
internal sealed class MemoryPlan
{
    /// <summary>
    /// The alignment of every region and value. cuDNN and cuBLASLt require it of scratch memory, and no kernel's vector access needs more.
    /// </summary>
    internal const long Alignment = 256;

    private readonly Dictionary<Value, long> offsets = [];
    private long end;
    private int copyBytes;

    private MemoryPlan()
    {
    }

    /// <summary>All bytes on the device: the arena and what the session holds beside it.</summary>
    public long TotalBytes => ArenaBytes + SessionBytes;

    /// <summary>All bytes of the arena.</summary>
    public long ArenaBytes => end;

    /// <summary>The memory that the session holds beside the arena, for example for transfers.</summary>
    public long SessionBytes { get; private set; }

    /// <summary>Parameters.</summary>
    public Region Parameters { get; private set; }

    /// <summary>The parameters once more in the element type that calls read; empty where they read the parameters themselves.</summary>
    public Region ParameterCopy { get; private set; }

    /// <summary>Buffers: running statistics.</summary>
    public Region Buffers { get; private set; }

    /// <summary>
    /// Gradients of parameters, each at the same place within the region as its parameter; empty for inference. What no op writes here is
    /// zero: the gaps between gradients, and every <see cref="ZeroGradient"/>.
    /// </summary>
    public Region Gradients { get; private set; }

    /// <summary>Copies of the parameter region for the optimizer's velocity and accumulated gradients, as many as were asked for.</summary>
    public IReadOnlyList<Region> OptimizerSlots { get; private set; } = [];

    /// <summary>Averages of the parameters over the steps, placed like the parameters; empty where none are kept.</summary>
    public Region ParameterAverages { get; private set; }

    /// <summary>Averages of the buffers over the steps, placed like the buffers; empty where none are kept.</summary>
    public Region BufferAverages { get; private set; }

    /// <summary>Inputs, activations and their gradients.</summary>
    public Region Activations { get; private set; }

    /// <summary>The memory that activations would take if none of them shared any.</summary>
    public long ActivationBytesUnshared { get; private set; }

    /// <summary>Scratch memory of the calls.</summary>
    public Region Scratch { get; private set; }

    /// <summary>The byte offset of a value in the arena.</summary>
    public long OffsetOf(Value value) => offsets[value];

    /// <summary>The byte offset of what calls read of a parameter: its copy where there is one.</summary>
    public long CopyOffsetOf(Value parameter) => copyBytes == 0
        ? offsets[parameter]
        : ParameterCopy.Offset + ((offsets[parameter] - Parameters.Offset) / sizeof(float) * copyBytes);

    /// <param name="graph">What runs.</param>
    /// <param name="session">Knows formats.</param>
    /// <param name="scratchBytes">What the hungriest call asks for.</param>
    /// <param name="extra">What an optimizer keeps beside parameters and buffers.</param>
    /// <param name="elsewhere">Parameters and buffers that have their memory in a <see cref="WeightStore"/>.</param>
    internal static MemoryPlan Create(
        Graph graph, IBackendSession session, long scratchBytes, OptimizerMemory extra, IReadOnlyDictionary<Value, StoredWeight> elsewhere)
    {
        var plan = new MemoryPlan();
        plan.Parameters = plan.PlaceInOrder(graph.Parameters.Where(v => !elsewhere.ContainsKey(v)), session.Layouts);
        plan.copyBytes = session.ParameterCopies?.ElementBytes ?? 0;
        plan.ParameterCopy = plan.Append(plan.Parameters.Bytes / sizeof(float) * plan.copyBytes);
        plan.Buffers = plan.PlaceInOrder(graph.Buffers.Where(v => !elsewhere.ContainsKey(v)), session.Layouts);
        List<Value> gradients = [.. graph.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null)];
        if (gradients.Count > 0)
        {
            plan.Gradients = plan.Append(plan.Parameters.Bytes);
            foreach (Value gradient in gradients)
                plan.offsets[gradient] = plan.offsets[gradient.GradientOf!] - plan.Parameters.Offset + plan.Gradients.Offset;
        }

        plan.OptimizerSlots = [.. Enumerable.Range(0, extra.Slots).Select(_ => plan.Append(plan.Parameters.Bytes))];
        if (extra.HasAverages)
            (plan.ParameterAverages, plan.BufferAverages) = (plan.Append(plan.Parameters.Bytes), plan.Append(plan.Buffers.Bytes));
        plan.PlaceActivations(graph, session.Layouts);
        plan.Scratch = plan.Append(scratchBytes);
        plan.SessionBytes = session.OwnBytes;
        return plan;
    }

    private static long Align(long bytes) => RoundUp.ToMultiple(bytes, Alignment);

    private Region Append(long bytes)
    {
        var region = new Region(end, Align(bytes));
        end += region.Bytes;
        return region;
    }

    /// <summary>What the graph has several times lies in one place for each of its formats.</summary>
    private Region PlaceInOrder(IEnumerable<Value> values, IValueLayouts layouts)
    {
        long start = end;
        var placed = new Dictionary<(string Name, string Format, long Bytes), long>();
        foreach (Value value in values)
        {
            long bytes = layouts.BytesOf(value);
            if (layouts.SharedFormatOf(value) is { } format && !placed.TryAdd((value.Name, format, bytes), end))
            {
                offsets[value] = placed[(value.Name, format, bytes)];
                continue;
            }

            offsets[value] = end;
            end += Align(bytes);
        }

        return new Region(start, end - start);
    }

    /// <summary>Greedy by size: the largest storage first, each at the lowest place free during its lifetime.</summary>
    private void PlaceActivations(Graph graph, IValueLayouts layouts)
    {
        List<Storage> storages = Lifetimes.Find(graph, layouts);
        var placed = new List<Storage>();
        long extent = 0;
        foreach (Storage storage in storages.OrderByDescending(s => s.Bytes).ThenBy(s => s.First))
        {
            long at = 0;
            foreach (Storage other in placed)
            {
                if (other.Last < storage.First || other.First > storage.Last)
                    continue;
                if (at + storage.Bytes <= other.Offset)
                    break;
                at = Math.Max(at, other.Offset + other.Bytes);
            }

            storage.Offset = at;
            extent = Math.Max(extent, at + storage.Bytes);
            int position = placed.FindIndex(o => o.Offset > at);
            placed.Insert(position < 0 ? placed.Count : position, storage);
        }

        Activations = Append(extent);
        ActivationBytesUnshared = storages.Sum(s => s.Values.Where(v => layouts.ViewOf(v) is null).Sum(v => Align(layouts.BytesOf(v))));
        foreach (Storage storage in storages)
        {
            foreach (Value value in storage.Values)
                offsets[value] = Activations.Offset + storage.Offset + (layouts.ViewOf(value)?.Offset ?? 0);
        }
    }

    /// <summary>What an optimizer keeps beside parameters and buffers.</summary>
    /// <param name="Slots">Copies of the parameters' memory, such as one for the velocity.</param>
    /// <param name="HasAverages">Whether parameters and buffers have averages.</param>
    public readonly record struct OptimizerMemory(int Slots, bool HasAverages);

    /// <summary>A part of the arena.</summary>
    /// <param name="Offset">Bytes from the arena's start.</param>
    /// <param name="Bytes">The size.</param>
    public readonly record struct Region(long Offset, long Bytes);

    /// <summary>One piece of memory and the values that use it one after the other.</summary>
    internal sealed class Storage
    {
        public List<Value> Values { get; } = [];

        public long Bytes { get; set; }

        public int First { get; init; }

        public int Last { get; set; }

        public long Offset { get; set; }
    }

    /// <summary>When each activation is first written and last read, with values that overwrite another joined to its storage.</summary>
    private static class Lifetimes
    {
        public static List<Storage> Find(Graph graph, IValueLayouts layouts)
        {
            Dictionary<Value, int> lastRead = LastReads(graph, layouts);
            var of = new Dictionary<Value, Storage>();
            var all = new List<Storage>();
            foreach (Value input in graph.Inputs)
                Begin(input, -1);

            for (int i = 0; i < graph.Ops.Count; i++)
            {
                Op op = graph.Ops[i];
                foreach (Value output in op.Outputs.Where(o => o.GradientOf is null))
                {
                    Value? host = layouts.ViewOf(output)?.Host ?? (ReferenceEquals(output, op.Output) ? Overwritten(op, i) : null);
                    if (host is not null && !of.ContainsKey(host))
                        Begin(host, i);
                    if (host is not null)
                        Join(output, of[host]);
                    else if (!of.ContainsKey(output))
                        Begin(output, i);
                }
            }

            return all;

            void Begin(Value value, int first)
            {
                var storage = new Storage { First = first };
                all.Add(storage);
                Join(value, storage);
            }

            void Join(Value value, Storage storage)
            {
                storage.Values.Add(value);
                storage.Bytes = Math.Max(storage.Bytes, Align(layouts.BytesOf(value)));
                storage.Last = Math.Max(storage.Last, Math.Max(storage.First, lastRead.GetValueOrDefault(value, storage.First)));
                of[value] = storage;
            }

            Value? Overwritten(Op op, int index) => op.Accumulator ?? op.Overwritable.FirstOrDefault(v =>
                of.TryGetValue(v, out Storage? storage) && storage.Last == index && v.Kind == ValueKind.Computed
                && op.Inputs.Count(i => of.TryGetValue(i, out Storage? s) && ReferenceEquals(s, storage)) == 1
                && layouts.BytesOf(v) == layouts.BytesOf(op.Output) && layouts.FormatOf(v) == layouts.FormatOf(op.Output));
        }

        private static Dictionary<Value, int> LastReads(Graph graph, IValueLayouts layouts)
        {
            var last = new Dictionary<Value, int>();
            for (int i = 0; i < graph.Ops.Count; i++)
            {
                foreach (Value input in graph.Ops[i].Inputs)
                    last[input] = i;
                foreach (Value output in graph.Ops[i].Outputs)
                    last.TryAdd(output, i);
            }

            foreach (Value output in graph.Outputs)
                last[output] = graph.Ops.Count;

            // An op whose output lies within one of its inputs does nothing: where the output is read, its inputs are.
            foreach (Op op in graph.Ops.Reverse().Where(o => o.Outputs.Count > 0 && o.Inputs.Contains(layouts.ViewOf(o.Output)?.Host)))
            {
                foreach (Value input in op.Inputs)
                    last[input] = Math.Max(last[input], last[op.Output]);
            }

            return last;
        }
    }
}
