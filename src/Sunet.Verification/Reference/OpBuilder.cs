using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>A graph of one op in the making: the graph, random odd sizes, and values for the op to read.</summary>
internal sealed class OpBuilder
{
    private readonly bool copies;
    private readonly int[]? widths;

    /// <param name="seed">Chooses the shapes.</param>
    /// <param name="copies">Whether images pass through another op first and so arrive in the backend's own layout.</param>
    /// <param name="widths">The channel counts that <see cref="Channels"/> chooses from; null for any up to 39.</param>
    public OpBuilder(int seed, bool copies, int[]? widths)
    {
        Seed = seed;
        Random = new Random(seed);
        this.copies = copies;
        this.widths = widths;
        (Batch, Height, Width) = (Random.Next(1, 4), Random.Next(5, 24), Random.Next(5, 24));
    }

    public int Seed { get; }

    public Random Random { get; }

    public int Batch { get; }

    public int Height { get; }

    public int Width { get; }

    public Graph Graph { get; } = new();

    /// <summary>Terms in the op's longest sum of products.</summary>
    public long Reduction { get; set; } = 1;

    public int Channels() => widths is null ? Random.Next(1, 40) : widths[Random.Next(widths.Length)];

    /// <summary>The shape of an activation, and another height and width.</summary>
    public (Shape Shape, (int H, int W) Size) Activation()
    {
        var shape = new Shape(Batch, Random.Next(2, 40), Height, Width);
        return (shape, (Random.Next(3, 50), Random.Next(3, 50)));
    }

    /// <summary>An input, which arrives in the backend's own layout if images do.</summary>
    public Value Image(string name, Shape shape) => copies ? Owned(name, shape) : Graph.Input(name, shape);

    /// <summary>A value that an op of the graph makes, in the backend's own layout.</summary>
    public Value Owned(string name, Shape shape) =>
        Graph.Add(new Add(name + ".copy", Phase.Forward, Graph.Input(name, shape), Graph.Input(name + ".more", shape))).Output;
}
