using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Average pooling whose window is its stride, without padding: [N, C, H, W] to [N, C, H / window, W / window], rounded down; the rows
/// and columns that are left over take no part (PyTorch's AvgPool2d).
/// </summary>
public sealed class AveragePool : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The input is smaller than the window.</exception>
    public AveragePool(string name, Value x, int window) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(window >= 1 && x.Shape.Height >= window && x.Shape.Width >= window, $"a window of {window} does not fit into {x.Shape}");
        Window = window;
        AddOutput("", x.Shape.WithSize(x.Shape.Height / window, x.Shape.Width / window));
    }

    /// <summary>The input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>Window and stride.</summary>
    public int Window { get; }

    /// <inheritdoc/>
    public override long Flops => X.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(X,
        gradients.Graph.Add(new AveragePoolGradient(Name, gradients.GradientOf(Output), X.Shape, Window)).Output);
}

/// <summary>The gradient of <see cref="AveragePool"/>: each element of dy spread evenly over its window.</summary>
public sealed class AveragePoolGradient : Op
{
    private readonly OpInput dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public AveragePoolGradient(string layer, Value dy, Shape xShape, int window) : base(layer + "/dx", Phase.Backward)
    {
        this.dy = AddInput(dy);
        Window = window;
        AddOutput("", xShape).SumsToZero = dy.SumsToZero;
    }

    /// <summary>The gradient of the layer's output, [N, C, H / window, W / window].</summary>
    public Value Dy => dy.Value;

    /// <summary>Window and stride.</summary>
    public int Window { get; }

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;
}

/// <summary>Mean over height and width: [N, C, H, W] to [N, C, 1, 1].</summary>
public sealed class GlobalAveragePool : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    public GlobalAveragePool(string name, Value x) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        AddOutput("", x.Shape.WithSize(1, 1));
    }

    /// <summary>The input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override long Flops => X.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(X,
        gradients.Graph.Add(new GlobalAveragePoolGradient(Name, gradients.GradientOf(Output), X.Shape)).Output);
}

/// <summary>The gradient of <see cref="GlobalAveragePool"/>: dy / (H * W) everywhere.</summary>
public sealed class GlobalAveragePoolGradient : Op
{
    private readonly OpInput dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public GlobalAveragePoolGradient(string layer, Value dy, Shape xShape) : base(layer + "/dx", Phase.Backward)
    {
        this.dy = AddInput(dy);
        AddOutput("", xShape);
    }

    /// <summary>The gradient of the layer's output, [N, C, 1, 1].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;
}
