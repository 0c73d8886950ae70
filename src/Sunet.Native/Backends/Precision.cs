namespace Sunet.Native.Backends;

/// <summary>The arithmetic of convolutions and the element type of activations.</summary>
public enum Precision
{
    /// <summary>Everything is stored and computed in IEEE single precision; a GPU's tensor cores are not used.</summary>
    Float32,

    /// <summary>
    /// Everything is stored in single precision. Convolutions and matrix products may round their factors to TF32 (10 bits of mantissa) for
    /// a GPU's tensor cores, and sum in single precision. A CPU does not have it.
    /// </summary>
    Tf32,

    /// <summary>
    /// Activations are bfloat16 (7 bits of mantissa), which takes half the memory; convolutions multiply bfloat16 and sum in single
    /// precision, or on some CPUs multiply float16. Parameters, their gradients, statistics, sums, full-size logits and the loss stay in
    /// single precision; on a GPU, gradients of convolutions that are no matrix product are rounded to bfloat16 between. A CPU needs
    /// instructions that multiply bfloat16 (AVX-512 BF16).
    /// </summary>
    Bf16,
}
