using Sunet.Native.Tensors;

namespace Sunet.Native.Graphs;

/// <summary>
/// A static graph of ops in the order they run. Shapes are fixed when an op is added, so a wrong graph is refused at once.
/// </summary>
public sealed class Graph
{
    private readonly List<Op> ops = [];
    private readonly List<Value> inputs = [];
    private readonly List<Value> parameters = [];
    private readonly List<Value> buffers = [];
    private readonly List<Value> outputs = [];
    private readonly HashSet<string> names = [];

    /// <summary>The ops, in running order: forward, then backward, then update.</summary>
    public IReadOnlyList<Op> Ops => ops;

    /// <summary>The values that the caller writes before a run.</summary>
    public IReadOnlyList<Value> Inputs => inputs;

    /// <summary>The values that are learned, in the model's order.</summary>
    public IReadOnlyList<Value> Parameters => parameters;

    /// <summary>The values that are kept between runs but not learned.</summary>
    public IReadOnlyList<Value> Buffers => buffers;

    /// <summary>The values that the caller may read after a run.</summary>
    public IReadOnlyList<Value> Outputs => outputs;

    /// <summary>Adds an input.</summary>
    public Value Input(string name, Shape shape, DataType type = DataType.Float32) => Declare(inputs, name, shape, type, ValueKind.Input);

    /// <summary>Adds a parameter under its state-dict key.</summary>
    /// <exception cref="ConfigurationException">The name is taken.</exception>
    public Value Parameter(string name, Shape shape) => Declare(parameters, name, shape, DataType.Float32, ValueKind.Parameter);

    /// <summary>Adds a buffer under its state-dict key.</summary>
    /// <exception cref="ConfigurationException">The name is taken.</exception>
    public Value Buffer(string name, Shape shape) => Declare(buffers, name, shape, DataType.Float32, ValueKind.Buffer);

    /// <summary>Appends an op, behind those of its phase and of earlier phases.</summary>
    /// <returns>The op itself.</returns>
    public T Add<T>(T op)
        where T : Op
    {
        int at = ops.Count;
        while (at > 0 && ops[at - 1].Phase > op.Phase)
            at--;
        ops.Insert(at, op);
        return op;
    }

    /// <summary>Keeps a value readable after the run.</summary>
    /// <returns>The value itself.</returns>
    public Value MarkOutput(Value value)
    {
        if (!outputs.Contains(value))
            outputs.Add(value);
        return value;
    }

    /// <summary>The ops that read each value.</summary>
    public Dictionary<Value, List<Op>> Readers()
    {
        var readers = new Dictionary<Value, List<Op>>();
        foreach (Op op in ops)
        {
            foreach (Value input in op.Inputs)
            {
                if (!readers.TryGetValue(input, out List<Op>? list))
                    readers.Add(input, list = []);
                if (list.Count == 0 || list[^1] != op)
                    list.Add(op);
            }
        }

        return readers;
    }

    internal void InsertBefore(Op successor, Op op) => ops.Insert(ops.IndexOf(successor), op);

    internal void Remove(Op op) => ops.Remove(op);

    internal void Replace(Op old, Op replacement)
    {
        ops[ops.IndexOf(old)] = replacement;
        Redirect(old.Output, replacement.Output);
    }

    internal void Redirect(Value old, Value replacement)
    {
        foreach (Op op in ops)
            op.ReplaceInput(old, replacement);
        int at = outputs.IndexOf(old);
        if (at >= 0)
            outputs[at] = replacement;
    }

    private Value Declare(List<Value> list, string name, Shape shape, DataType type, ValueKind kind)
    {
        if (!names.Add(name))
            throw new ConfigurationException($"The graph already has a value named '{name}'.");
        var value = new Value(name, shape, type, kind, null);
        list.Add(value);
        return value;
    }

    /// <summary>
    /// Adds a parameter or buffer of the graph once more, under its name, for ops that may want it in another format. A plan keeps both in
    /// one place where their formats agree.
    /// </summary>
    internal Value Again(Value stored)
    {
        var value = new Value(stored.Name, stored.Shape, stored.Type, stored.Kind, null) { Derivation = stored.Derivation };
        (stored.Kind == ValueKind.Buffer ? buffers : parameters).Add(value);
        return value;
    }

    /// <summary>Adds a parameter that follows from others when the plan is loaded, such as folded weights.</summary>
    internal Value Derive(string name, Shape shape, ParameterDerivation derivation)
    {
        Value value = Parameter(name, shape);
        value.Derivation = derivation;
        return value;
    }

    /// <summary>Removes the ops that no output depends on.</summary>
    internal void DropDead()
    {
        var needed = new HashSet<Value>(outputs);
        for (int i = ops.Count - 1; i >= 0; i--)
        {
            if (ops[i].Outputs.Any(needed.Contains))
                needed.UnionWith(ops[i].Inputs);
            else
                ops.RemoveAt(i);
        }

        DropUnread();
    }

    internal void DropUnread()
    {
        Dictionary<Value, List<Op>> readers = Readers();
        parameters.RemoveAll(p => !readers.ContainsKey(p));
        buffers.RemoveAll(b => !readers.ContainsKey(b));
    }
}
