namespace Sunet.Native.Ops;

/// <summary>Which of a convolution's three tensors is computed from the other two.</summary>
internal enum ConvolutionDirection
{
    /// <summary>The destination.</summary>
    Forward,

    /// <summary>The gradient of the source, which is also what a transposed convolution computes.</summary>
    Data,

    /// <summary>The gradient of the weights.</summary>
    Weights,
}
