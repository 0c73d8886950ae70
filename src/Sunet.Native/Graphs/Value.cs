using Sunet.Native.Tensors;

namespace Sunet.Native.Graphs;

/// <summary>The role of a value towards the code outside its graph.</summary>
public enum ValueKind
{
    /// <summary>Written by the caller before a run: images, labels.</summary>
    Input,

    /// <summary>Learned; receives a gradient unless it is frozen.</summary>
    Parameter,

    /// <summary>Kept across runs but not learned: running statistics.</summary>
    Buffer,

    /// <summary>Written by an op of the graph.</summary>
    Computed,
}

/// <summary>A tensor in a graph: a name, a shape and who writes it. It has no data; a plan gives it an address.</summary>
public sealed class Value
{
    internal Value(string name, Shape shape, DataType type, ValueKind kind, Op? producer)
    {
        Name = name;
        Shape = shape;
        Type = type;
        Kind = kind;
        Producer = producer;
    }

    /// <summary>For parameters and buffers the state-dict key; otherwise the layer's name with a suffix.</summary>
    public string Name { get; }

    /// <summary>Row-major dimensions; activations are [N, C, H, W].</summary>
    public Shape Shape { get; }

    /// <summary>The element type.</summary>
    public DataType Type { get; }

    /// <summary>The role of the value towards the code outside its graph.</summary>
    public ValueKind Kind { get; }

    /// <summary>The op that writes it; null unless <see cref="Kind"/> is <see cref="ValueKind.Computed"/>.</summary>
    public Op? Producer { get; }

    /// <summary>The parameter whose gradient this is; such a value lies in the gradient arena at the parameter's place.</summary>
    public Value? GradientOf { get; internal set; }

    /// <summary>
    /// Whether every channel of a gradient [N, C, H, W] sums to zero over N, H and W, except for rounding. A batch-norm that subtracts the
    /// batch's mean causes this, since a constant added to a channel changes no later value.
    /// </summary>
    public bool SumsToZero { get; internal set; }

    /// <summary>How a parameter made by a pass follows from the model's own; null for the model's own.</summary>
    internal ParameterDerivation? Derivation { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Shape}";
}
