using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tests.Backends.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Weights in blocks of 16 x 16 channels, and the copies in bf16 that convolutions read of them.</summary>
public sealed unsafe class Bf16WeightsTests : IDisposable
{
    private const int Block = 16;

    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => new(
        [
            new(2, 32, 48, 9, 7, 3, 1, 1, 1, 1, 1, 1),
            new(1, 64, 32, 8, 8, 1, 1, 1, 0, 0, 0, 0),
            new(1, 16, 16, 8, 8, 3, 2, 1, 1, 1, 1, 1),
            new(1, 32, 21, 8, 8, 1, 1, 1, 0, 0, 0, 0),
            new(1, 320, 272, 4, 4, 1, 1, 1, 0, 0, 0, 0),
        ],
        Enum.GetValues<ConvolutionDirection>());

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reorder_BlocksToWhatAConvolutionReads_IsThatOfRowMajorWeights(ConvolutionCase c, ConvolutionDirection direction) =>
        Bf16Cpu.Run(_ =>
        {
            NativeConvolution convolution = c.Convolution(NativeLayout.Blocked16, direction.IsTransposed());
            convolution.Source.Type = convolution.Destination.Type = convolution.Weights.Type = NativeType.BFloat16;
            using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
            using CpuFormatHandle wanted = primitive.Format(NativeArgument.Weights);
            using CpuFormatHandle plain = CpuFormatHandle.Create(Weights(c, NativeLayout.Plain));
            using CpuFormatHandle blocked = CpuFormatHandle.Create(Weights(c, NativeLayout.Weights16));
            float[] weights = Numbers.Random(c.Weights.Count, 1);
            // Halfway between two, to the even one below and above; too large; nothing; what no number stands for.
            float[] special = [1.00390625f, 1.01171875f, float.MaxValue, -0f, float.NegativeInfinity, float.NaN];
            special.CopyTo(weights, 3);

            byte[] inBlocks = Reorder(plain, blocked, Bytes(weights)).To;
            AssertInBlocks(c, weights, inBlocks);
            (byte[] copied, string implementation) = Reorder(blocked, wanted, inBlocks);
            Assert.Equal(Reorder(plain, wanted, Bytes(weights)).To, copied);
            // Other CPUs may want weights in another order.
            if (NativeRuntime.Query().InstructionSet == "cpu_isa_avx512_core_bf16")
                Assert.Equal("blocks:avx512_bf16", implementation);
        });

    private static NativeTensor Weights(ConvolutionCase c, NativeLayout layout) =>
        new(c.SmallChannels, c.LargeChannels, c.Kernel, c.Kernel, layout);

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static void AssertInBlocks(ConvolutionCase c, float[] weights, byte[] blocks)
    {
        int taps = c.Kernel * c.Kernel, inputBlocks = (c.LargeChannels + Block - 1) / Block;
        float[] expected = new float[blocks.Length / sizeof(float)];
        for (int i = 0; i < weights.Length; i++)
        {
            int output = i / taps / c.LargeChannels, input = i / taps % c.LargeChannels, tap = i % taps;
            int block = ((((output / Block) * inputBlocks) + (input / Block)) * taps) + tap;
            expected[(block * Block * Block) + (input % Block * Block) + (output % Block)] = weights[i];
        }

        Assert.Equal(Bytes(expected), blocks);
    }

    private (byte[] To, string Implementation) Reorder(CpuFormatHandle from, CpuFormatHandle to, byte[] source)
    {
        using CpuPrimitiveHandle reorder = CpuPrimitiveHandle.Reorder(context, from, to);
        using CpuMemoryHandle read = CpuMemoryHandle.Allocate(from.Bytes), written = CpuMemoryHandle.Allocate(to.Bytes);
        using CpuMemoryHandle scratch = CpuMemoryHandle.Allocate(Math.Max(64, reorder.ScratchBytes));
        source.CopyTo(new Span<byte>((void*)read.Raw, (int)from.Bytes));
        var result = new Span<byte>((void*)written.Raw, (int)to.Bytes);
        result.Fill(0xff);
        reorder.Bind(NativeArgument.Source, read.Raw);
        reorder.Bind(NativeArgument.Destination, written.Raw);
        if (reorder.ScratchBytes > 0)
            reorder.Bind(NativeArgument.Scratch, scratch.Raw);
        reorder.Execute();
        return (result.ToArray(), reorder.Implementation);
    }
}
