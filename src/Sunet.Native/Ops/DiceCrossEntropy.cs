using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Cross-entropy with class weights and label smoothing, plus a weight times the Dice loss. The cross-entropy is PyTorch's: with weights
/// w, smoothing e and probabilities p, the sum over pixels of (1 - e) w_y (-log p_y) + e / C times the sum over C of w_c (-log p_c),
/// divided by the sum over pixels of w_y. The Dice loss is 1 minus the mean over the classes with labels in the batch of
/// 2 sum(p_c [y = c]) / (sum(p_c) + sum([y = c])), sums over the batch's pixels that take part (Milletari et al. 2016, without squares).
/// A further output holds the coefficients [5, C] for the gradient.
/// </summary>
public sealed class DiceCrossEntropy : SoftmaxLoss
{
    /// <summary>Rows of the coefficients.</summary>
    internal const int CoefficientRows = 5;

    private readonly OpInput classWeights;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="logits">[N, C, H, W].</param>
    /// <param name="labels">Int32 [N, H, W].</param>
    /// <param name="classWeights">[C], each 0 or more.</param>
    /// <param name="ignoreLabel">The label that takes no part.</param>
    /// <param name="labelSmoothing">The share of a target that is spread over all classes, in [0, 1).</param>
    /// <param name="diceWeight">Times the Dice loss, from 0 up; 0 leaves it out.</param>
    /// <exception cref="ConfigurationException">Shapes do not fit, or a number is out of range.</exception>
    public DiceCrossEntropy(string name, Value logits, Value labels, Value classWeights, int ignoreLabel, float labelSmoothing,
        float diceWeight) : base(name, logits, labels, ignoreLabel)
    {
        this.classWeights = AddInput(classWeights);
        int classes = logits.Shape.Channels;
        Require(classWeights.Type == DataType.Float32 && classWeights.Shape == new Shape(classes),
            $"class weights {classWeights.Shape} do not fit logits {logits.Shape}");
        Require(labelSmoothing is >= 0 and < 1, $"the label smoothing {labelSmoothing} is not within [0, 1)");
        Require(diceWeight is >= 0 and < float.PositiveInfinity, $"the Dice weight {diceWeight} is not a number from 0 up");
        (LabelSmoothing, DiceWeight) = (labelSmoothing, diceWeight);
        Coefficients = AddOutput(".coefficients", new Shape(CoefficientRows, classes));
    }

    /// <summary>The weight of each class, [C].</summary>
    public Value ClassWeights => classWeights.Value;

    /// <summary>The share of a target that is spread over all classes.</summary>
    public float LabelSmoothing { get; }

    /// <summary>Times the Dice loss.</summary>
    public float DiceWeight { get; }

    /// <summary>
    /// What the gradient multiplies by, [5, C]. For a pixel labelled y, with probabilities p, it is for class c: row 0 of y times p_c,
    /// minus row 1 of y where c = y, minus row 2 of c, plus p_c times (row 3 of y where c = y, plus row 4 of c, minus the sum over all
    /// classes of these two times their p). Rows 3 and 4 are the derivatives of the Dice term for a probability of the label's class and
    /// of any class.
    /// </summary>
    public Value Coefficients { get; }

    /// <inheritdoc/>
    public override long Flops => 10 * Logits.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(Logits, gradients.Graph.Add(new DiceCrossEntropyGradient(this)).Output);
}

/// <summary>
/// The gradient of a <see cref="DiceCrossEntropy"/> for its logits, from the coefficients that it leaves; 0 where ignored.
/// </summary>
public sealed class DiceCrossEntropyGradient : SoftmaxLossGradient
{
    private readonly OpInput coefficients;

    /// <summary>Creates the op.</summary>
    public DiceCrossEntropyGradient(DiceCrossEntropy loss) : base(loss) => coefficients = AddInput(loss.Coefficients);

    /// <summary>The coefficients, [5, C].</summary>
    public Value Coefficients => coefficients.Value;

    /// <inheritdoc/>
    public override long Flops => 10 * Output.Shape.Count;
}
