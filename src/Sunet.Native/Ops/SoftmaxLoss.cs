using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// A loss of the softmax of logits [N, C, H, W] against labels int32 [N, H, W], over the labels that are not the ignored one. The outputs
/// of each: loss [1], log-sum-exp [N, H, W] (kept for the gradient), and two counts int32 [1]: labels that took part, labels out of range.
/// </summary>
public abstract class SoftmaxLoss : Op
{
    private readonly OpInput logits, labels;

    private protected SoftmaxLoss(string name, Value logits, Value labels, int ignoreLabel) : base(name, Phase.Forward)
    {
        (this.logits, this.labels) = (AddInput(logits), AddInput(labels));
        Shape s = logits.Shape;
        Require(s.Rank == 4 && labels.Type == DataType.Int32 && labels.Shape == new Shape(s.Batch, s.Height, s.Width),
            $"labels {labels.Shape} do not fit logits {s}");
        IgnoreLabel = ignoreLabel;
        Loss = AddOutput("", new Shape(1));
        LogSumExp = AddOutput(".log_sum_exp", labels.Shape);
        Counted = AddOutput(".counted", new Shape(1), DataType.Int32);
        Invalid = AddOutput(".invalid", new Shape(1), DataType.Int32);
    }

    /// <summary>The logits, [N, C, H, W].</summary>
    public Value Logits => logits.Value;

    /// <summary>The labels, int32 [N, H, W].</summary>
    public Value Labels => labels.Value;

    /// <summary>The label that takes no part.</summary>
    public int IgnoreLabel { get; }

    /// <summary>The loss, [1].</summary>
    public Value Loss { get; }

    /// <summary>The logarithm of the sum over C of exp(logits), [N, H, W].</summary>
    public Value LogSumExp { get; }

    /// <summary>How many labels took part, int32 [1].</summary>
    public Value Counted { get; }

    /// <summary>How many labels were neither a class nor ignored, int32 [1].</summary>
    public Value Invalid { get; }
}

/// <summary>
/// The gradient of a <see cref="SoftmaxLoss"/> for its logits, [N, C, H, W], 0 where a label takes no part. The loss is the end of a
/// training graph, so its own gradient is one.
/// </summary>
public abstract class SoftmaxLossGradient : Op
{
    private readonly OpInput logits, labels, logSumExp;

    private protected SoftmaxLossGradient(SoftmaxLoss loss) : base(loss.Name + "/dx", Phase.Backward)
    {
        (logits, labels, logSumExp) = (AddInput(loss.Logits), AddInput(loss.Labels), AddInput(loss.LogSumExp));
        IgnoreLabel = loss.IgnoreLabel;
        AddOutput("", loss.Logits.Shape);
    }

    /// <summary>The logits, [N, C, H, W].</summary>
    public Value Logits => logits.Value;

    /// <summary>The labels, int32 [N, H, W].</summary>
    public Value Labels => labels.Value;

    /// <summary>The logarithm of the sum over C of exp(logits), [N, H, W].</summary>
    public Value LogSumExp => logSumExp.Value;

    /// <summary>The label that takes no part.</summary>
    public int IgnoreLabel { get; }

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [Logits];
}
