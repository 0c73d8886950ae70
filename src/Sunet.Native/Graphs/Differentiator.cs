namespace Sunet.Native.Graphs;

/// <summary>
/// Reverse-mode differentiation of a graph into the same graph: every op appends gradient ops, which are primitives like any other.
/// Backends therefore know nothing of differentiation, and the memory plan sees forward and backward as one list.
/// </summary>
public sealed class Differentiator
{
    private readonly Dictionary<Value, Value> gradients = [];
    private readonly HashSet<Value> needed = [];
    private readonly HashSet<Value> unmoved = [];

    private readonly Func<string, Value, Value, Op> sum;

    private Differentiator(Graph graph, Func<string, Value, Value, Op> sum)
    {
        Graph = graph;
        this.sum = sum;
    }

    /// <summary>The graph that grows.</summary>
    public Graph Graph { get; }

    /// <summary>
    /// Appends to <paramref name="graph"/> the gradient of <paramref name="loss"/> for every parameter that is not frozen.
    /// </summary>
    /// <param name="graph">A graph with forward ops only.</param>
    /// <param name="loss">A value of one element.</param>
    /// <param name="sum">Makes the op that adds two gradients of one value: name, both addends.</param>
    /// <param name="trainable">Which parameters get a gradient; all by default.</param>
    /// <returns>The gradient of each parameter, of the parameter's shape.</returns>
    /// <exception cref="ConfigurationException">The loss is no scalar, an op between a parameter and the loss has no gradient,
    /// or two parameters share one.</exception>
    public static IReadOnlyDictionary<Value, Value> Differentiate(Graph graph, Value loss, Func<string, Value, Value, Op> sum,
        Func<Value, bool>? trainable = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(sum);
        if (loss.Shape.Count != 1)
            throw new ConfigurationException($"A loss has one element; '{loss.Name}' is {loss.Shape}.");

        var differentiator = new Differentiator(graph, sum);
        differentiator.FindNeeded(trainable ?? (_ => true));
        if (!differentiator.needed.Contains(loss))
            throw new ConfigurationException($"The loss '{loss.Name}' depends on no trainable parameter.");

        Op[] forward = [.. graph.Ops];
        for (int i = forward.Length - 1; i >= 0; i--)
        {
            Op op = forward[i];
            bool reached = op.Outputs.Any(o => ReferenceEquals(o, loss) || differentiator.gradients.ContainsKey(o));
            if (reached && op.Inputs.Any(differentiator.needed.Contains))
                op.Differentiate(differentiator);
        }

        return differentiator.CollectParameters();
    }

    /// <summary>Whether a gradient for <paramref name="value"/> is wanted at all.</summary>
    public bool Needs(Value value) => needed.Contains(value);

    /// <summary>The gradient of an output; every reader of it has contributed by the time its producer is differentiated.</summary>
    /// <exception cref="ConfigurationException">Nothing that reaches the loss reads the output.</exception>
    public Value GradientOf(Value output) => gradients.TryGetValue(output, out Value? gradient)
        ? gradient
        : throw new ConfigurationException($"No gradient reaches '{output.Name}'.");

    /// <summary>Takes back what has been contributed to a value so far, for a gradient op that can add it on its own.</summary>
    /// <returns>Null if there is nothing yet.</returns>
    public Value? TakePending(Value value) => gradients.Remove(value, out Value? pending) ? pending : null;

    /// <summary>Adds to the gradient of <paramref name="value"/>; ignored if none is wanted.</summary>
    public void Contribute(Value value, Value gradient)
    {
        if (!Needs(value))
            return;
        if (gradients.TryGetValue(value, out Value? other))
            gradient = Graph.Add(sum(value.Name + "/gradient", other, gradient)).Output;
        gradients[value] = gradient;
    }

    /// <summary>
    /// Notes that a parameter cannot change the loss along one of its paths. Its gradient is a <see cref="ZeroGradient"/> if no other path
    /// contributes.
    /// </summary>
    public void ContributeZero(Value parameter)
    {
        if (Needs(parameter))
            unmoved.Add(parameter);
    }

    private void FindNeeded(Func<Value, bool> trainable)
    {
        needed.UnionWith(Graph.Parameters.Where(trainable));
        foreach (Op op in Graph.Ops)
        {
            if (op.Inputs.Any(needed.Contains))
                needed.UnionWith(op.Outputs);
        }
    }

    private Dictionary<Value, Value> CollectParameters()
    {
        var result = new Dictionary<Value, Value>();
        foreach (Value parameter in Graph.Parameters)
        {
            if (!gradients.TryGetValue(parameter, out Value? gradient))
            {
                if (unmoved.Contains(parameter))
                    result.Add(parameter, Graph.Add(new ZeroGradient(parameter)).Output);
                continue;
            }

            if (gradient.GradientOf is { } other)
            {
                throw new ConfigurationException(
                    $"Parameters '{other.Name}' and '{parameter.Name}' have one gradient between them; put an op behind one of them.");
            }

            gradient.GradientOf = parameter;
            result.Add(parameter, gradient);
        }

        return result;
    }
}
