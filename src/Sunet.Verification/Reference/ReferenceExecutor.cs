using Sunet.Native.Graphs;

namespace Sunet.Verification.Reference;

/// <summary>
/// Runs a graph in float64 with plain loops over row-major arrays: the definition that backends and gradient rules are held against.
/// No two values share memory here, so what a memory plan may overwrite makes no difference.
/// </summary>
internal sealed class ReferenceExecutor(Graph graph)
{
    private readonly Dictionary<Value, double[]> values = [];

    /// <summary>Told after every op and free to change what it wrote: how tests plant bugs.</summary>
    public Action<Op, IReadOnlyList<double[]>>? AfterOp { get; set; }

    /// <summary>The elements of a value that has been written or computed.</summary>
    public double[] this[Value value] => values.TryGetValue(value, out double[]? elements)
        ? elements
        : throw new InvalidOperationException($"'{value.Name}' has not been computed.");

    /// <summary>Writes an input, a parameter or a buffer.</summary>
    public void Write(Value value, IEnumerable<double> elements)
    {
        double[] copy = [.. elements];
        if (copy.Length != value.Shape.Count)
            throw new ArgumentException($"'{value.Name}' {value.Shape} does not have {copy.Length} elements.", nameof(elements));
        values[value] = copy;
    }

    /// <summary>Writes every parameter and buffer from a model, deriving those that passes have made, in float32 as a plan does.</summary>
    public void Load(Func<string, double[]> model)
    {
        foreach (Value value in graph.Parameters.Concat(graph.Buffers))
        {
            if (value.Derivation is null)
            {
                Write(value, model(value.Name));
                continue;
            }

            var derived = new float[value.Shape.Count];
            value.Derivation.Compute(name => Array.ConvertAll(model(name), v => (float)v), derived);
            Write(value, derived.Select(v => (double)v));
        }
    }

    /// <summary>Runs one phase.</summary>
    public void Run(Phase phase)
    {
        foreach (Op op in graph.Ops.Where(o => o.Phase == phase))
        {
            double[][] outputs = ReferenceFamilies.Compute(op, value => this[value]);
            for (int i = 0; i < outputs.Length; i++)
                values[op.Outputs[i]] = outputs[i];
            AfterOp?.Invoke(op, outputs);
        }
    }

    /// <summary>Runs all phases.</summary>
    public void Run()
    {
        foreach (Phase phase in Enum.GetValues<Phase>())
            Run(phase);
    }
}
