using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>The gradient of a bias: dy [N, C, H, W] summed over N, H and W to [C].</summary>
public sealed class BiasGradient : Op
{
    private readonly OpInput dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public BiasGradient(string layer, Value dy) : base(layer + "/db", Phase.Backward)
    {
        this.dy = AddInput(dy);
        AddOutput("", new Shape(dy.Shape.Channels));
    }

    /// <summary>The gradient of the layer's output, [N, C, H, W].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => Dy.Shape.Count;

    /// <summary>Contributes the gradient of a bias [C]: no sum is made where it would be nothing but rounding noise.</summary>
    /// <param name="gradients">Takes the gradient.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="bias">[C].</param>
    /// <param name="dy">The gradient of the layer's output, [N, C, H, W].</param>
    internal static void Contribute(Differentiator gradients, string layer, Value bias, Value dy)
    {
        if (!gradients.Needs(bias))
            return;
        if (dy.SumsToZero && bias.Kind == ValueKind.Parameter)
            gradients.ContributeZero(bias);
        else
            gradients.Contribute(bias, gradients.Graph.Add(new BiasGradient(layer, dy)).Output);
    }
}
