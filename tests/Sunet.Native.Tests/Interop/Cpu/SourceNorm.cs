using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>The batch-norm, and ReLU, of a convolution's source: bound to a primitive that applies it, or applied by the kernel.</summary>
internal sealed record SourceNorm(float[] Mean, float[] Variance, float[] Gamma, float[] Beta, bool Relu)
{
    public const float Epsilon = 1e-5f;

    /// <summary>Channels differ by powers of two, so that scales of rows depend on what is made of them.</summary>
    public static SourceNorm Random(int channels, bool relu) => new(
        Numbers.Random(channels, 4),
        Array.ConvertAll(Numbers.Random(channels, 5), v => (v * v) + 0.1f),
        [.. Numbers.Random(channels, 6).Select((v, c) => MathF.ScaleB(v, c % 7))],
        Numbers.Random(channels, 7),
        relu);

    public void Bind(PrimitiveRunner runner)
    {
        foreach ((NativeArgument argument, float[] values) in new[]
        {
            (NativeArgument.Mean, Mean), (NativeArgument.Variance, Variance), (NativeArgument.Gamma, Gamma), (NativeArgument.Beta, Beta),
        })
        {
            runner.SetParameter(argument, NativeTensor.Vector(values.Length), values);
        }
    }

    /// <summary>What the kernel makes of row-major values of a bf16 tensor.</summary>
    public unsafe float[] Apply(CpuContextHandle context, NativeTensor tensor, float[] values)
    {
        float[] packed = new float[Packing.Length(tensor)];
        Packing.Pack(tensor, values, packed);
        using CpuMemoryHandle memory = CpuMemoryHandle.Allocate(packed.Length * sizeof(ushort));
        Span<ushort> halves = new((void*)memory.Raw, packed.Length);
        for (int i = 0; i < packed.Length; i++)
            halves[i] = Bf16.Of(packed[i]);
        fixed (float* mean = Mean, variance = Variance, gamma = Gamma, beta = Beta)
        {
            NativeStatus.ThrowIfFailed(
                SunetCpu.BatchNormApply(context.Raw, tensor, (void*)memory.Raw, mean, variance, gamma, beta, Epsilon, Relu ? 1 : 0, tensor,
                    (void*)memory.Raw),
                "batch_norm_apply", CpuLibrary.File, null);
        }

        return Packing.Unpack(tensor, Array.ConvertAll(halves.ToArray(), Bf16.Value));
    }
}
