using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Numbers far from one, and what is none.</summary>
public sealed class Float16EdgeTests
{
    private static readonly ConvolutionCase Dense = new(2, 48, 32, 9, 14, 3, 1, 1, 1, 1, 1, 1);
    private static readonly ConvolutionCase Strided = new(2, 32, 80, 11, 13, 3, 2, 1, 1, 1, 1, 1);

    /// <summary>Its pixels do not meet, so that they are converted a strip, not a row, at a time.</summary>
    private static readonly ConvolutionCase SinglePixels = new(2, 80, 48, 15, 13, 1, 1, 1, 0, 0, 0, 0);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() =>
        Float16Cpu.InEveryDirection([Dense, Strided, SinglePixels]);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> CasesOfRows() => Float16Cpu.InEveryDirection([Dense, Strided]);

    /// <summary>As many channels as are summed in float16, and more, on both sides.</summary>
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> DeepCases() =>
        Float16Cpu.InEveryDirection([new(1, 128, 144, 5, 6, 1, 1, 1, 0, 0, 0, 0), new(1, 272, 128, 5, 6, 3, 2, 1, 1, 1, 1, 1)]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_DataFarFromOne_IsWithinRounding(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] weights = Numbers.Random(c.Weights.Count, 2);
        foreach (int exponent in new[] { 100, -100 })
        {
            float[] input = Scaled(Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), _ => exponent);
            float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
            Float16Cpu.AssertClose(direction.Reference(c, input, weights), actual, direction.Input(c)[1]);
        }
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_WeightsFarFromOne_AreWithinRoundingChannelByChannel(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1));
        float[] weights = Scaled(Numbers.Random(c.Weights.Count, 2), i => ((OutputChannelOfWeight(c, direction, i) % 3) - 1) * 60);
        double[] expected = direction.Reference(c, input, weights);
        float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
        for (int channel = 0; channel < direction.Output(c)[1]; channel++)
            Float16Cpu.AssertClose(expected, actual, direction.Input(c)[1], i => ChannelOf(direction.Output(c), i) == channel);
    });

    /// <summary>
    /// Sums of 128 equal products are the largest there are. Each of 64 may be rounded the same way at every addition, by up to 2^-11 of
    /// it, and once more when two are added; the result is rounded to 8 bits.
    /// </summary>
    [Theory]
    [MemberData(nameof(DeepCases))]
    public void EveryDirection_LargestNumbersOfTheirBinade_StayFinite(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        foreach (float value in new[] { 1.9921875f, -1.9921875f })
        {
            float[] input = new float[direction.Input(c).Count], weights = new float[c.Weights.Count];
            Array.Fill(input, 1.9921875f);
            Array.Fill(weights, value);
            double[] expected = direction.Reference(c, input, weights);
            float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
            double bound = Math.ScaleB((65 / 2.0) + 1, -11) + Math.ScaleB(1, -8);
            for (int i = 0; i < actual.Length; i++)
                Assert.InRange(actual[i] / expected[i], 1 - bound, 1 + bound);
        }
    });

    [Theory]
    [MemberData(nameof(CasesOfRows))]
    public void EveryDirection_HugeElement_CostsItsRowAlone(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        int at = Middle(direction.Input(c));
        input[at] = Bf16.Round(1e30f);
        bool[] readers = direction.Readers(c, i => RowOf(direction.Input(c), i) == RowOf(direction.Input(c), at));
        double[] expected = direction.Reference(c, input, weights);
        float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
        Float16Cpu.AssertClose(expected, actual, direction.Input(c)[1], i => !readers[i]);
        Float16Cpu.AssertClose(expected, actual, direction.Input(c)[1], i => readers[i]);
    });

    /// <summary>
    /// A row's largest number has the exponent 4 in float16, whose least normal one is -14; what the conversion makes of smaller numbers
    /// is between zero and the least.
    /// </summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(-1.5f)]
    [InlineData(1.9921875f)]
    public void Forward_SmallElementsBesideALargeOne_AreExactDownTo18BinadesBelow(float mantissa) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 32, 32, 1, 3, 1, 1, 1, 0, 0, 0, 0);
        float[] identity = new float[c.Weights.Count], input = new float[c.Large.Count];
        for (int i = 0; i < 32; i++)
        {
            identity[i * 33] = 1;
            input[i * 3] = i == 0 ? 1 : MathF.ScaleB(mantissa, -i);
        }

        const ConvolutionDirection direction = ConvolutionDirection.Forward;
        float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, identity);
        for (int i = 0; i < input.Length; i++)
            Assert.Equal(input[i], actual[i], i <= 18 * 3 ? 0 : MathF.ScaleB(1, -19));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_NotFiniteElement_IsNeverLost(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
            double[] expected = Bf16.Round(direction.Reference(c, input, weights));
            int at = Middle(direction.Input(c));
            input[at] = value;
            bool[] readers = direction.Readers(c, i => i == at);
            // A strip may be all of an image.
            bool[] near = direction.Readers(c, i => c.Kernel == 1
                ? ImageOf(direction.Input(c), i) == ImageOf(direction.Input(c), at)
                : RowOf(direction.Input(c), i) == RowOf(direction.Input(c), at));
            // Of an infinity ReLU may make a zero; of NaN it may not.
            bool relu = float.IsNaN(value) && direction.IsForward();
            NativeConvolution convolution = Float16Cpu.Convolution(c, direction, relu: relu);
            float[] actual = Float16Cpu.Run(context, direction, convolution, input, weights);
            Assert.Contains(true, readers);
            Assert.Contains(false, near);
            for (int i = 0; i < actual.Length; i++)
            {
                if (readers[i])
                    Assert.True(float.IsNaN(value) ? float.IsNaN(actual[i]) : !float.IsFinite(actual[i]), $"{value} became {actual[i]}.");
                if (!near[i])
                    Assert.Equal(relu ? Math.Max(expected[i], 0) : expected[i], actual[i]);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_NotFiniteWeight_SpoilsItsOutputChannelAlone(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        double[] expected = Bf16.Round(direction.Reference(c, input, weights));
        int at = weights.Length / 2, spoilt = OutputChannelOfWeight(c, direction, at);
        foreach (float value in new[] { float.NaN, float.NegativeInfinity })
        {
            weights[at] = value;
            float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
            for (int i = 0; i < actual.Length; i++)
                Assert.Equal(ChannelOf(direction.Output(c), i) == spoilt ? double.NaN : expected[i], actual[i]);
        }
    });

    /// <summary>The runner sees to it: whatever reads whole blocks would meet a NaN that no channel has.</summary>
    [Theory]
    [InlineData(ConvolutionDirection.Forward)]
    [InlineData(ConvolutionDirection.TransposedBackwardData)]
    public void Forward_NotFiniteElement_LeavesPaddingChannelsZero(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 16, 21, 5, 6, 3, 1, 1, 1, 1, 1, 1);
        float[] input = Numbers.Integers(c.Large.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        input[Middle(c.Large)] = float.NaN;
        Assert.Contains(float.NaN, Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights));
    });

    private static float[] Scaled(float[] values, Func<int, int> exponent) =>
        [.. values.Select((v, i) => MathF.ScaleB(v, exponent(i)))];

    private static int OutputChannelOfWeight(ConvolutionCase c, ConvolutionDirection direction, int weight)
    {
        int small = weight / (c.Kernel * c.Kernel) / c.LargeChannels, large = weight / (c.Kernel * c.Kernel) % c.LargeChannels;
        return direction.ReadsLarge() ? small : large;
    }

    private static int ChannelOf(Shape shape, int index) => index / shape[3] / shape[2] % shape[1];

    private static int ImageOf(Shape shape, int index) => index / shape[3] / shape[2] / shape[1];

    /// <summary>A number that all channels of a row have and no other row has.</summary>
    private static int RowOf(Shape shape, int index) => (ImageOf(shape, index) * shape[2]) + (index / shape[3] % shape[2]);

    /// <summary>An element of the last image's middle.</summary>
    private static int Middle(Shape shape) =>
        (((((shape[0] - 1) * shape[1]) + 5) * shape[2]) + (shape[2] / 2)) * shape[3] + (shape[3] / 2);
}
