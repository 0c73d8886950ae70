using Sunet.Native.Tensors;

namespace Sunet.Onnx;

/// <summary>How far the logits of an exported file are from the model's own at one input size.</summary>
/// <param name="Image">[N, 3, H, W].</param>
/// <param name="LargestDifference">The largest absolute difference of a logit; infinite if one is not finite.</param>
/// <param name="RelativeError">The L2 distance relative to the model's own logits; infinite if one is not finite.</param>
/// <param name="ArgMaxAgreement">The share of pixels, or images of a classifier, that fall into the same class.</param>
internal sealed record OnnxDifference(Shape Image, double LargestDifference, double RelativeError, double ArgMaxAgreement)
{
    /// <summary>Whether the file may be taken for the model.</summary>
    public bool IsWithinTolerance => RelativeError <= OnnxVerifier.Tolerance;
}
