namespace Sunet.Native.Training;

/// <summary>
/// What a training minimises beside the plain mean cross-entropy, which is the default. The definition is that of
/// <see cref="Ops.DiceCrossEntropy"/>.
/// </summary>
public sealed record LossOptions
{
    /// <summary>The weight of each class, [C], 0 or more; empty gives all the weight 1.</summary>
    public IReadOnlyList<float> ClassWeights { get; init; } = [];

    /// <summary>The share of every target that is spread over all classes, in [0, 1), as PyTorch's <c>label_smoothing</c>.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>Times the Dice loss, which is added to the cross-entropy; 0 leaves it out.</summary>
    public float DiceWeight { get; init; }

    /// <summary>Whether this is the plain mean cross-entropy.</summary>
    internal bool IsPlain => ClassWeights.Count == 0 && LabelSmoothing == 0 && DiceWeight == 0;

    /// <summary>Refuses what makes no sense for a number of classes.</summary>
    /// <exception cref="ConfigurationException">A number is out of range, or there are more or fewer weights than classes.</exception>
    public void Validate(int classes)
    {
        if (ClassWeights.Count > 0 && ClassWeights.Count != classes)
            throw new ConfigurationException($"There are {ClassWeights.Count} class weights for {classes} classes.");
        if (ClassWeights.Any(w => w is not (>= 0 and < float.PositiveInfinity)))
            throw new ConfigurationException("A class weight is not a number from 0 up.");
        if (ClassWeights.Count > 0 && ClassWeights.All(w => w == 0))
            throw new ConfigurationException("All class weights are 0, so there is nothing to learn.");
        if (LabelSmoothing is not (>= 0 and < 1))
            throw new ConfigurationException($"The label smoothing {LabelSmoothing} is not within [0, 1).");
        if (DiceWeight is not (>= 0 and < float.PositiveInfinity))
            throw new ConfigurationException($"The weight {DiceWeight} of the Dice loss is not a number from 0 up.");
    }

    /// <summary>The weight of each class, written out.</summary>
    internal float[] WeightsOf(int classes) => ClassWeights.Count > 0 ? [.. ClassWeights] : [.. Enumerable.Repeat(1f, classes)];
}
