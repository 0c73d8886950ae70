using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>The index of the largest channel, the first of equals: from [N, C, H, W] to bytes [N, H, W]. Prediction only.</summary>
public sealed class ArgMax : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">There are more than 256 channels.</exception>
    public ArgMax(string name, Value x) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Shape.Rank == 4 && x.Shape.Channels <= 256, $"input {x.Shape} is not [N, C, H, W] with at most 256 channels");
        AddOutput("", new Shape(x.Shape.Batch, x.Shape.Height, x.Shape.Width), DataType.UInt8);
    }

    /// <summary>The logits, [N, C, H, W].</summary>
    public Value X => x.Value;
}
