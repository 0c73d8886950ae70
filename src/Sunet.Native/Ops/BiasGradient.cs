using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>The gradient of a bias: dy [N, C, H, W] summed over N, H and W to [C].</summary>
public sealed class BiasGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public BiasGradient(string layer, Value dy) : base(layer + "/db", Phase.Backward, dy) => Declare(("", new Shape(dy.Shape.Channels)));

    /// <inheritdoc/>
    public override long Flops => Inputs[0].Shape.Count;
}
