using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>What leaves a convolution, or the gradient of its weights, to be computed directly.</summary>
public enum WinogradObstacle
{
    NotWanted,
    Stride,
    Dilation,
    Kernel,
    FewTiles,
}

/// <summary>What holds of Winograd's algorithm F(2x2, 3x3) whatever it multiplies: convolutions of bf16 in one direction.</summary>
internal static class WinogradChecks
{
    /// <summary>A case that the algorithm is not taken for.</summary>
    /// <param name="obstacle">What the case has; one that is not wanted has none.</param>
    /// <param name="few">The case of few tiles.</param>
    public static ConvolutionCase CaseWith(WinogradObstacle obstacle, ConvolutionCase few) => obstacle switch
    {
        WinogradObstacle.Stride => new(1, 16, 32, 32, 32, 3, 2, 1, 1, 1, 1, 1),
        WinogradObstacle.Dilation => new(1, 16, 32, 16, 16, 3, 1, 2, 2, 2, 2, 2),
        WinogradObstacle.Kernel => new(1, 16, 32, 16, 16, 5, 1, 1, 2, 2, 2, 2),
        WinogradObstacle.FewTiles => few,
        _ => new(1, 16, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1),
    };

    /// <summary>Of integers small enough for their transforms.</summary>
    /// <param name="context">Where it runs.</param>
    /// <param name="c">The shapes.</param>
    /// <param name="direction">What is computed.</param>
    /// <param name="plain">Without bias and ReLU.</param>
    /// <param name="clamped">With both.</param>
    public static void AssertExact(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, in NativeConvolution plain,
        in NativeConvolution clamped)
    {
        int channels = direction.Output(c)[1], pixels = direction.Output(c)[2] * direction.Output(c)[3];
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] bias = Numbers.Integers(channels, 6);
        double[] expected = direction.Reference(c, input, weights);
        Numbers.AssertSame(Bf16.Round(expected), Float16Cpu.Run(context, direction, plain, input, weights));
        if (direction.IsForward())
            expected = ReferenceConvolution.Relu(ReferenceConvolution.AddBias(expected, channels, pixels, bias));
        Numbers.AssertSame(Bf16.Round(expected), Float16Cpu.Run(context, direction, clamped, input, weights, bias));
    }

    /// <summary>Of integers, added to what is there before they are clamped; a gradient does neither.</summary>
    public static void AssertAccumulates(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, NativeConvolution clamped)
    {
        clamped.Accumulate = 1;
        float[] input = Numbers.Integers(direction.Input(c).Count, 7), weights = Numbers.Integers(c.Weights.Count, 8);
        float[] before = Numbers.Integers(direction.Output(c).Count, 9);
        double[] expected = direction.Reference(c, input, weights);
        for (int i = 0; direction.IsForward() && i < expected.Length; i++)
            expected[i] = Math.Max(expected[i] + before[i], 0);
        Numbers.AssertSame(Bf16.Round(expected), Float16Cpu.Run(context, direction, clamped, input, weights, null, before));
    }

    /// <summary>What reads an element that is none is none, and what is out of its reach, in pixels, is what it would be without.</summary>
    public static void AssertNeverLost(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, in NativeConvolution convolution, int reach)
    {
        float[] weights = Numbers.Integers(c.Weights.Count, 5);
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] input = Numbers.Integers(direction.Input(c).Count, 4);
            double[] expected = Bf16.Round(direction.Reference(c, input, weights));
            input[0] = value;
            bool[] readers = direction.Readers(c, i => i == 0);
            float[] actual = Float16Cpu.Run(context, direction, convolution, input, weights);
            Assert.Contains(true, readers);
            for (int i = 0; i < actual.Length; i++)
            {
                if (readers[i])
                    Assert.False(float.IsFinite(actual[i]), $"{value} became {actual[i]}.");
                if (IsFar(direction.Output(c), i, reach))
                    Assert.Equal(expected[i], actual[i]);
            }
        }
    }

    /// <summary>On one to four threads.</summary>
    public static void AssertSameBits(
        ConvolutionDirection direction, in NativeConvolution convolution, float[] input, float[] weights)
    {
        uint[]? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            float[] actual = Float16Cpu.Run(context, direction, convolution, input, weights);
            uint[] bits = Array.ConvertAll(actual, BitConverter.SingleToUInt32Bits);
            Assert.Equal(first ??= bits, bits);
        }
    }

    /// <summary>Whether an element is in another image than the first one or so many pixels away.</summary>
    public static bool IsFar(Shape shape, int index, int reach)
    {
        int image = index / shape[3] / shape[2] / shape[1], row = index / shape[3] % shape[2], column = index % shape[3];
        return image > 0 || row > reach || column > reach;
    }
}
