namespace Sunet.Native.Backends.Cpu;

/// <summary>Settings of the CPU backend.</summary>
public sealed record CpuOptions
{
    /// <summary>The most threads that a call can use.</summary>
    public const int MaxThreads = 4096;

    /// <summary>
    /// How many threads a call uses, up to <see cref="MaxThreads"/>; 0 takes as many as there are processors, fewer where a container's
    /// share of them or OMP_NUM_THREADS is less. Results depend on it in the last bits.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Arithmetic and element types.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>
    /// Whether dense 3x3 convolutions are made by Winograd's algorithm where it is faster. In float32 that is F(4x4, 3x3), where oneDNN has
    /// it: a quarter of the multiplications, for a rounding error a few times that of the direct sum (some 1e-6 in place of 2e-7 a layer).
    /// In bfloat16 it is F(2x2, 3x3), 16 multiplications in place of 36 for twice the rounding error (4e-3 in place of 1.7e-3 a layer, or
    /// with products in float16 2e-3 in place of 1e-3), unless the CPU multiplies bfloat16 in tiles (AMX), which is faster still.
    /// </summary>
    public bool Winograd { get; init; } = true;

    /// <summary>
    /// Whether convolutions in bfloat16 are made of products in float16 where the CPU is faster at them (AVX-512 FP16, no AMX). Rows of
    /// activations, or areas of some 100 pixels, and each output's weights are scaled by powers of two, so that nothing overflows; up to 64
    /// products are summed in float16, those sums in single precision, for some 1e-3 of rounding error a layer, as much as storing it in
    /// bfloat16 brings. A row or area that holds an infinity or NaN makes NaN of all that is computed of it.
    /// </summary>
    public bool Float16Products { get; init; } = true;

    /// <summary>
    /// Whether batch-norm and ReLU before a convolution are applied within it, a cache's worth of pixels at a time, so that their result is
    /// never in memory: in float32 in a prediction, before a 1x1 convolution; in bfloat16, where products are in float16, before any
    /// convolution, and in a training also within the gradient of its weights. In bfloat16 results are the same to the bit.
    /// </summary>
    public bool FuseNormalization { get; init; } = true;

    /// <summary>Refuses numbers that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Threads is < 0 or > MaxThreads)
        {
            throw new ConfigurationException(
                FormattableString.Invariant($"The CPU backend uses 1 to {MaxThreads} threads, or 0 for all; not {Threads}."));
        }

        if (Precision is not (Precision.Float32 or Precision.Bf16))
            throw new ConfigurationException($"There is no precision {Precision} on the CPU; float32 and bf16 are known.");
    }
}
