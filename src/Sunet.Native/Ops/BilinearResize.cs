using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Bilinear resize with align_corners = false and no anti-aliasing, as PyTorch's interpolate: [N, C, H, W] to [N, C, H', W'].
/// </summary>
public sealed class BilinearResize : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    public BilinearResize(string name, Value x, (int H, int W) size) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        AddOutput("", x.Shape.WithSize(size.H, size.W));
    }

    /// <summary>The input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>Logits are brought to full size in float32; an image may be resized as it is.</summary>
    public override bool KeepsFloat32 => X is not ({ Kind: ValueKind.Input } or { Producer: NormalizeImage });

    /// <summary>What becomes larger is logits at full size.</summary>
    public override bool IsRowMajor => Output.Shape.Height > X.Shape.Height;

    /// <inheritdoc/>
    public override Value? LaidOutLike => X;

    /// <inheritdoc/>
    public override long Flops => 8 * Output.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(X,
        gradients.Graph.Add(new BilinearResizeGradient(Name, gradients.GradientOf(Output), X.Shape)).Output);
}

/// <summary>
/// The gradient of <see cref="BilinearResize"/>: every source element gathers from the outputs it took part in, in one order.
/// </summary>
public sealed class BilinearResizeGradient : Op
{
    private readonly OpInput dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public BilinearResizeGradient(string layer, Value dy, Shape xShape) : base(layer + "/dx", Phase.Backward)
    {
        this.dy = AddInput(dy);
        AddOutput("", xShape);
    }

    /// <summary>The gradient of the layer's output, [N, C, H', W'].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => 8 * Dy.Shape.Count;
}
