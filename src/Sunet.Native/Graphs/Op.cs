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
    private readonly List<Value> inputs = [];
    private readonly List<Value> outputs = [];

    /// <summary>Creates an op. The derived constructor adds its inputs and its outputs, in the order of the op's documentation.</summary>
    /// <param name="name">The layer's name: one name for errors, timings and profiles.</param>
    /// <param name="phase">When it runs.</param>
    protected Op(string name, Phase phase)
    {
        Name = name;
        Phase = phase;
    }

    /// <summary>The layer's name, such as <c>features.unet1_0.down.0.conv1</c>.</summary>
    public string Name { get; }

    /// <summary>When the op runs.</summary>
    public Phase Phase { get; }

    /// <summary>
    /// What the op reads, in the order its documentation gives: for walks over all of it. Each op also has its inputs by name.
    /// </summary>
    public IReadOnlyList<Value> Inputs => inputs;

    /// <summary>What the op writes, in the order its documentation gives: for walks over all of it.</summary>
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

    /// <summary>
    /// Whether the outputs are float32 in every precision, as what is computed per pixel over all classes is. Outputs of other ops are as
    /// narrow as activations are.
    /// </summary>
    public virtual bool KeepsFloat32 => false;

    /// <summary>
    /// Whether the outputs are row-major where a backend has another layout for what convolutions read. Images are, and so is what is
    /// computed per pixel over all classes.
    /// </summary>
    public virtual bool IsRowMajor => false;

    /// <summary>The input whose layout the output has, because kernels take one layout for both; null where layouts may differ.</summary>
    public virtual Value? LaidOutLike => null;

    /// <summary>The input that the output is nothing but some channels of, and the first of these channels; null for most ops.</summary>
    public virtual (Value Of, int Channel)? Slice => null;

    /// <summary>The inputs that the output is nothing but a concatenation of along channels, in order; empty for most ops.</summary>
    public virtual IReadOnlyList<Value> Parts => [];

    /// <summary>Adds to the graph the ops that carry the gradient from this op's outputs to its inputs.</summary>
    /// <param name="gradients">Gives the outputs' gradients and takes the inputs'.</param>
    /// <exception cref="ConfigurationException">The op has no gradient; the message names it.</exception>
    public virtual void Differentiate(Differentiator gradients) =>
        throw new ConfigurationException($"{Kind} '{Name}' has no gradient, so a graph that trains cannot contain it.");

    /// <summary>Creates a copy of this op with other inputs, for passes that move or repeat work.</summary>
    /// <param name="name">The copy's name.</param>
    /// <param name="phase">The copy's phase.</param>
    public virtual Op Repeat(string name, Phase phase) => throw new InvalidOperationException($"{Kind} '{Name}' cannot be repeated.");

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Name}";

    /// <summary>Adds an input; called by the constructor.</summary>
    /// <returns>What the op's property for it gives the value from, so that it follows when a pass replaces the value.</returns>
    protected OpInput AddInput(Value value)
    {
        ArgumentNullException.ThrowIfNull(value);
        inputs.Add(value);
        return new OpInput(inputs, inputs.Count - 1);
    }

    /// <summary>Adds an input that the op may do without; called by the constructor.</summary>
    /// <returns>Null where there is none.</returns>
    protected OpInput? AddOptionalInput(Value? value) => value is null ? null : AddInput(value);

    /// <summary>Adds an output; called by the constructor.</summary>
    /// <param name="suffix">What follows the op's name in the value's; empty for the first output.</param>
    /// <param name="shape">The output's shape.</param>
    /// <param name="type">The output's element type.</param>
    protected Value AddOutput(string suffix, Shape shape, DataType type = DataType.Float32)
    {
        var output = new Value(Name + suffix, shape, type, ValueKind.Computed, this);
        outputs.Add(output);
        return output;
    }

    /// <summary>Refuses a construction that does not add up, in the words every op uses.</summary>
    /// <exception cref="ConfigurationException"><paramref name="condition"/> is false.</exception>
    protected void Require(bool condition, string problem)
    {
        if (!condition)
            throw new ConfigurationException($"{Kind} '{Name}': {problem}.");
    }

    /// <summary>Refuses a construction that does not add up; numbers in the problem are written as no culture changes them.</summary>
    /// <exception cref="ConfigurationException"><paramref name="condition"/> is false.</exception>
    private protected void Require(bool condition, InvariantText problem) => Require(condition, problem.Take());

    internal void ReplaceInput(Value old, Value replacement)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            if (ReferenceEquals(inputs[i], old))
                inputs[i] = replacement;
        }
    }
}
