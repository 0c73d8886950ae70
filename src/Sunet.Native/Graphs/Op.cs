using Sunet.Native.Tensors;

namespace Sunet.Native.Graphs;

/// <summary>The part of a step an op belongs to; a plan runs its phases one by one, in this order.</summary>
public enum Phase
{
    /// <summary>From the inputs to the loss or the prediction.</summary>
    Forward,

    /// <summary>From the loss to the parameters' gradients.</summary>
    Backward,

    /// <summary>Changes to what is kept across steps, made only when the step is known to be sound.</summary>
    Update,
}

/// <summary>
/// One primitive of a graph: attributes, validation, shape rule, and its gradient rule in terms of other primitives. It computes
/// nothing itself; a backend does.
/// </summary>
public abstract class Op
{
    private readonly Value[] inputs;
    private Value[] outputs = [];

    /// <summary>Creates an op; its outputs are declared by the derived constructor.</summary>
    /// <param name="name">The layer's name: one name for errors, timings and profiles.</param>
    /// <param name="phase">When it runs.</param>
    /// <param name="inputs">What it reads.</param>
    protected Op(string name, Phase phase, params Value[] inputs)
    {
        Name = name;
        Phase = phase;
        this.inputs = inputs;
    }

    /// <summary>The layer's name, such as <c>features.unet1_0.down.0.conv1</c>.</summary>
    public string Name { get; }

    /// <summary>When the op runs.</summary>
    public Phase Phase { get; }

    /// <summary>What the op reads, in the order its documentation gives.</summary>
    public IReadOnlyList<Value> Inputs => inputs;

    /// <summary>What the op writes.</summary>
    public IReadOnlyList<Value> Outputs => outputs;

    /// <summary>The first output.</summary>
    public Value Output => outputs[0];

    /// <summary>The kind of op, such as <c>Convolution</c>.</summary>
    public string Kind => GetType().Name;

    /// <summary>Floating-point operations of one run, a multiply-add counted as two; 0 where it only moves memory.</summary>
    public virtual long Flops => 0;

    /// <summary>
    /// Inputs whose memory the first output may take over when nothing reads them afterwards, best first. The input must have the
    /// output's shape.
    /// </summary>
    public virtual IEnumerable<Value> Overwritable => [];

    /// <summary>An input that the output must lie upon because the op accumulates into it; null for most.</summary>
    public virtual Value? Accumulator => null;

    /// <summary>Adds to the graph the ops that carry the gradient from this op's outputs to its inputs.</summary>
    /// <param name="gradients">Gives the outputs' gradients and takes the inputs'.</param>
    /// <exception cref="ConfigurationException">The op has no gradient; the message names it.</exception>
    public virtual void Differentiate(Differentiator gradients) =>
        throw new ConfigurationException($"{Kind} '{Name}' has no gradient, so a graph that trains cannot contain it.");

    /// <summary>The same op with other inputs, for passes that move or repeat work.</summary>
    /// <param name="name">The copy's name.</param>
    /// <param name="phase">The copy's phase.</param>
    public virtual Op Repeat(string name, Phase phase) => throw new InvalidOperationException($"{Kind} '{Name}' cannot be repeated.");

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Name}";

    /// <summary>Declares the outputs, once, in the constructor.</summary>
    protected Value[] Declare(params ReadOnlySpan<(string Suffix, Shape Shape)> declared)
    {
        outputs = new Value[declared.Length];
        for (int i = 0; i < declared.Length; i++)
            outputs[i] = new Value(Name + declared[i].Suffix, declared[i].Shape, DataType.Float32, ValueKind.Computed, this);
        return outputs;
    }

    /// <summary>Declares outputs that are not all float32.</summary>
    protected void Declare(params ReadOnlySpan<(string Suffix, Shape Shape, DataType Type)> declared)
    {
        outputs = new Value[declared.Length];
        for (int i = 0; i < declared.Length; i++)
            outputs[i] = new Value(Name + declared[i].Suffix, declared[i].Shape, declared[i].Type, ValueKind.Computed, this);
    }

    /// <summary>Refuses a construction that does not add up, in the words every op uses.</summary>
    /// <exception cref="ConfigurationException"><paramref name="condition"/> is false.</exception>
    protected void Require(bool condition, string problem)
    {
        if (!condition)
            throw new ConfigurationException($"{Kind} '{Name}': {problem}.");
    }

    /// <summary>The same with numbers that no culture changes.</summary>
    /// <exception cref="ConfigurationException"><paramref name="condition"/> is false.</exception>
    protected void Require(bool condition, InvariantText problem) => Require(condition, problem.Take());

    internal void ReplaceInput(Value old, Value replacement)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (ReferenceEquals(inputs[i], old))
                inputs[i] = replacement;
        }
    }
}
