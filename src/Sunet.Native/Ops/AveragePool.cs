using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Average pooling whose window is its stride, without padding: [N, C, H, W] to [N, C, H / window, W / window], rounded down; the rows
/// and columns that are left over take no part (PyTorch's AvgPool2d).
/// </summary>
public sealed class AveragePool : Op
{
    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The input is smaller than the window.</exception>
    public AveragePool(string name, Value x, int window) : base(name, Phase.Forward, x)
    {
        Require(window >= 1 && x.Shape.Height >= window && x.Shape.Width >= window, $"a window of {window} does not fit into {x.Shape}");
        Window = window;
        Declare(("", x.Shape.WithSize(x.Shape.Height / window, x.Shape.Width / window)));
    }

    /// <summary>Window and stride.</summary>
    public int Window { get; }

    /// <inheritdoc/>
    public override long Flops => Inputs[0].Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(Inputs[0],
        gradients.Graph.Add(new AveragePoolGradient(Name, gradients.GradientOf(Output), Inputs[0].Shape, Window)).Output);
}

/// <summary>The gradient of <see cref="AveragePool"/>: each element of dy spread evenly over its window.</summary>
public sealed class AveragePoolGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public AveragePoolGradient(string layer, Value dy, Shape xShape, int window) : base(layer + "/dx", Phase.Backward, dy)
    {
        Window = window;
        Declare(("", xShape));
        Output.SumsToZero = dy.SumsToZero;
    }

    /// <summary>Window and stride.</summary>
    public int Window { get; }

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;
}

/// <summary>Mean over height and width: [N, C, H, W] to [N, C, 1, 1].</summary>
public sealed class GlobalAveragePool : Op
{
    /// <summary>Creates the op.</summary>
    public GlobalAveragePool(string name, Value x) : base(name, Phase.Forward, x)
    {
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        Declare(("", x.Shape.WithSize(1, 1)));
    }

    /// <inheritdoc/>
    public override long Flops => Inputs[0].Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(Inputs[0],
        gradients.Graph.Add(new GlobalAveragePoolGradient(Name, gradients.GradientOf(Output), Inputs[0].Shape)).Output);
}

/// <summary>The gradient of <see cref="GlobalAveragePool"/>: dy / (H * W) everywhere.</summary>
public sealed class GlobalAveragePoolGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public GlobalAveragePoolGradient(string layer, Value dy, Shape xShape) : base(layer + "/dx", Phase.Backward, dy) => Declare(("", xShape));

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;
}
