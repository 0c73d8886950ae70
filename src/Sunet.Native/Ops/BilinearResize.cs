using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Bilinear resize with align_corners = false and no anti-aliasing, as PyTorch's interpolate: [N, C, H, W] to [N, C, H', W'].
/// </summary>
public sealed class BilinearResize : Op
{
    /// <summary>Creates the op.</summary>
    public BilinearResize(string name, Value x, (int H, int W) size) : base(name, Phase.Forward, x)
    {
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        Declare(("", x.Shape.WithSize(size.H, size.W)));
    }

    /// <inheritdoc/>
    public override long Flops => 8 * Output.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(Inputs[0],
        gradients.Graph.Add(new BilinearResizeGradient(Name, gradients.GradientOf(Output), Inputs[0].Shape)).Output);
}

/// <summary>The gradient of <see cref="BilinearResize"/>: every source element gathers from the outputs it took part in, in one order.</summary>
public sealed class BilinearResizeGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public BilinearResizeGradient(string layer, Value dy, Shape xShape) : base(layer + "/dx", Phase.Backward, dy) => Declare(("", xShape));

    /// <inheritdoc/>
    public override long Flops => 8 * Inputs[0].Shape.Count;
}
