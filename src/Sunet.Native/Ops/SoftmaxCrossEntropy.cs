using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>Softmax over channels: [N, C, H, W] to [N, C, H, W]. Prediction only; training goes through the cross-entropy.</summary>
public sealed class Softmax : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    public Softmax(string name, Value x) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        AddOutput("", x.Shape);
    }

    /// <summary>The logits, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override long Flops => 5 * Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => Inputs;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) => gradients.Contribute(X,
        gradients.Graph.Add(new SoftmaxGradient(Name, Output, gradients.GradientOf(Output))).Output);
}

/// <summary>The gradient of <see cref="Softmax"/> from its result: y * (dy - sum over C of dy * y).</summary>
public sealed class SoftmaxGradient : Op
{
    private readonly OpInput y, dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public SoftmaxGradient(string layer, Value y, Value dy) : base(layer + "/dx", Phase.Backward)
    {
        (this.y, this.dy) = (AddInput(y), AddInput(dy));
        AddOutput("", y.Shape);
    }

    /// <summary>The layer's output, the probabilities, [N, C, H, W].</summary>
    public Value Y => y.Value;

    /// <summary>The gradient of the layer's output, [N, C, H, W].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override long Flops => 4 * Output.Shape.Count;
}

/// <summary>
/// Mean cross-entropy of logits [N, C, H, W] against labels int32 [N, H, W], over the labels that are not the ignored one.
/// </summary>
public sealed class SoftmaxCrossEntropy : SoftmaxLoss
{
    /// <summary>The ignored label of segmentation data sets.</summary>
    public const int DefaultIgnoreLabel = 255;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The shapes do not fit.</exception>
    public SoftmaxCrossEntropy(string name, Value logits, Value labels, int ignoreLabel) : base(name, logits, labels, ignoreLabel)
    {
    }

    /// <inheritdoc/>
    public override long Flops => 5 * Logits.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(Logits, gradients.Graph.Add(new SoftmaxCrossEntropyGradient(this)).Output);
}

/// <summary>The gradient of the mean cross-entropy for its logits: (softmax - one-hot) / counted, 0 where ignored.</summary>
public sealed class SoftmaxCrossEntropyGradient : SoftmaxLossGradient
{
    private readonly OpInput counted;

    /// <summary>Creates the op.</summary>
    public SoftmaxCrossEntropyGradient(SoftmaxCrossEntropy loss) : base(loss) => counted = AddInput(loss.Counted);

    /// <summary>How many labels took part, int32 [1].</summary>
    public Value Counted => counted.Value;

    /// <inheritdoc/>
    public override long Flops => 4 * Output.Shape.Count;
}
