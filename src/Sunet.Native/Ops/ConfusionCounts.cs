using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// How often each class is predicted where each is labelled. Inputs: labels int32 [N, H, W] and predictions, bytes [N, H, W]. Outputs:
/// counts int32 [K, K], a row for each label, and the number of pixels whose label or prediction is no class, int32 [1]. Evaluation only.
/// </summary>
public sealed class ConfusionCounts : Op
{
    private const int MaxClasses = 256;
    private readonly OpInput labels, predictions;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="labels">int32 [N, H, W].</param>
    /// <param name="predictions">Bytes [N, H, W], such as an <see cref="ArgMax"/> gives.</param>
    /// <param name="classes">K, up to 256.</param>
    /// <param name="ignoreLabel">The label that takes no part.</param>
    /// <exception cref="ConfigurationException">The shapes or types do not fit, or there are too many classes or pixels.</exception>
    public ConfusionCounts(string name, Value labels, Value predictions, int classes, int ignoreLabel)
        : base(name, Phase.Forward)
    {
        (this.labels, this.predictions) = (AddInput(labels), AddInput(predictions));
        Require(labels.Type == DataType.Int32 && predictions.Type == DataType.UInt8 && labels.Shape == predictions.Shape,
            $"labels {labels.Shape} of {labels.Type} do not fit predictions {predictions.Shape} of {predictions.Type}");
        Require(classes is >= 1 and <= MaxClasses, $"{classes} classes are not from 1 to {MaxClasses}");
        Require(labels.Shape.Count <= int.MaxValue, $"{labels.Shape} has more pixels than an int32 counts");
        Classes = classes;
        IgnoreLabel = ignoreLabel;
        Counts = AddOutput("", new Shape(classes, classes), DataType.Int32);
        Invalid = AddOutput(".invalid", new Shape(1), DataType.Int32);
    }

    /// <summary>The labels, int32 [N, H, W].</summary>
    public Value Labels => labels.Value;

    /// <summary>The predicted classes, bytes [N, H, W].</summary>
    public Value Predictions => predictions.Value;

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The label that takes no part.</summary>
    public int IgnoreLabel { get; }

    /// <summary>Pixels by label and prediction, int32 [K, K].</summary>
    public Value Counts { get; }

    /// <summary>How many labels or predictions were no class, int32 [1].</summary>
    public Value Invalid { get; }
}
