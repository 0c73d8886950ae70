namespace Sunet.Onnx;

/// <summary>How a model becomes an ONNX file.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>
    /// Whether a batch normalisation right behind a convolution becomes part of its weights, as it does for prediction; otherwise every one
    /// is a node of its own, and weights are the model's own.
    /// </summary>
    public bool FoldBatchNorm { get; init; } = true;
}
