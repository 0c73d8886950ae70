using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Gradients of weights of numbers far from one, of what is none, and on other numbers of threads.</summary>
public sealed class Float16GradientEdgeTests
{
    /// <summary>Several of its rows are summed together.</summary>
    private static readonly ConvolutionCase Narrow = new(2, 48, 32, 9, 14, 3, 1, 1, 1, 1, 1, 1);

    private static readonly ConvolutionCase Strided = new(2, 32, 80, 11, 13, 3, 2, 1, 1, 1, 1, 1);

    /// <summary>Its rows are summed one by one.</summary>
    private static readonly ConvolutionCase Wide = new(2, 16, 48, 5, 67, 3, 1, 1, 1, 1, 1, 1);

    /// <summary>Its pixels do not meet, so that strips of them are summed.</summary>
    private static readonly ConvolutionCase SinglePixels = new(2, 80, 48, 15, 13, 1, 1, 1, 0, 0, 0, 0);

    public static MatrixTheoryData<ConvolutionCase, bool> Cases() =>
        Float16Gradient.InBothDirections([Narrow, Strided, Wide, SinglePixels]);

    public static MatrixTheoryData<ConvolutionCase, bool> Images() => Float16Gradient.InBothDirections(
    [
        new(2, 3, 40, 19, 26, 7, 2, 1, 3, 3, 3, 3),
        new(2, 2, 32, 6, 70, 3, 1, 1, 1, 1, 1, 1),
    ]);

    /// <summary>Rows, phases, strips; more threads than rows; images.</summary>
    public static MatrixTheoryData<ConvolutionCase, bool> ThreadCases() => Float16Gradient.InBothDirections(
    [
        Narrow, Strided, Wide, SinglePixels,
        new(1, 64, 80, 13, 17, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 64, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(1, 16, 32, 2, 20, 3, 1, 1, 1, 1, 1, 1),
        new(1, 48, 32, 1, 1, 3, 1, 1, 1, 1, 1, 1),
    ]);

    /// <summary>Many outputs and few pixels: threads share the former, or both.</summary>
    public static MatrixTheoryData<ConvolutionCase, bool> CasesOfManyOutputs() => Float16Gradient.InBothDirections(
    [
        new(1, 64, 320, 4, 4, 1, 1, 1, 0, 0, 0, 0),
        new(1, 32, 160, 3, 3, 3, 1, 1, 1, 1, 1, 1),
        new(2, 16, 130, 2, 2, 1, 1, 1, 0, 0, 0, 0),
        new(1, 96, 256, 5, 4, 3, 2, 1, 1, 1, 1, 1),
        new(3, 32, 272, 1, 1, 3, 1, 1, 1, 1, 1, 1),
    ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_DataFarFromOne_AreWithinRounding(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        AssertScaledAreClose(context, c, Float16Gradient.Convolution(c, transposed), transposed));

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_DataFarFromOne_IsWithinRounding(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        AssertScaledAreClose(context, c, Float16Gradient.OfImage(c, transposed), transposed));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_OfOneHugeRow_AreWithinRoundingOfTheLargest(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
    {
        foreach (bool inLarge in new[] { true, false })
        {
            foreach (int row in new[] { 0, 1 })
            {
                (double[] expected, float[] actual) = RunWithHugeRow(context, c, transposed, inLarge, row);
                Float16Gradient.AssertClose(c, expected, actual);
            }
        }
    });

    /// <summary>Rows that are summed one by one are scaled one by one, too: taps that never meet the huge row know nothing of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_OfOneHugeRow_AreWithinTheirOwnRoundingWhereTheyDoNotReadIt(bool transposed) => Float16Cpu.Run(context =>
    {
        foreach (bool inLarge in new[] { true, false })
        {
            (double[] expected, float[] actual) = RunWithHugeRow(context, Wide, transposed, inLarge, 0);
            bool[] readers = Float16Gradient.Readers(Wide, inLarge, i => i / Width(Wide, inLarge) % Height(Wide, inLarge) == 0);
            Float16Gradient.AssertClose(Wide, expected, actual, i => readers[i]);
            Float16Gradient.AssertClose(Wide, expected, actual, i => !readers[i]);
        }
    });

    /// <summary>
    /// Of 64 equal products each partial sum may be rounded the same way, by up to 2^-11 of it: (K + 1) / 2 times that of the whole sum. It
    /// is 2^-11 of the binade's beginning, which leaves room for adding two of them: the first case and the last have 128 pixels in a row.
    /// </summary>
    [Theory]
    [InlineData(1.9921875f)]
    [InlineData(-1.9921875f)]
    [InlineData(1f)]
    public void Weights_OfLargestNumbersOfTheirBinade_StayFinite(float value) => Float16Cpu.Run(context =>
    {
        foreach (ConvolutionCase c in new ConvolutionCase[]
        {
            new(1, 16, 64, 8, 16, 1, 1, 1, 0, 0, 0, 0),
            new(1, 16, 32, 32, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 16, 32, 4, 130, 3, 1, 1, 1, 1, 1, 1),
        })
        {
            float[] large = new float[c.Large.Count], small = new float[c.Small.Count];
            Array.Fill(large, 1.9921875f);
            Array.Fill(small, value);
            double[] expected = ReferenceConvolution.BackwardWeights(c, large, small);
            (float[] actual, _) = Float16Gradient.Run(context, Float16Gradient.Convolution(c, false), false, large, small);
            double bound = Math.ScaleB((Float16Gradient.Terms(c) + 1) / 2.0, -11);
            for (int i = 0; i < actual.Length; i++)
                Assert.InRange(actual[i] / expected[i], 1 - bound, 1 + bound);
        }
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void WeightsAndBias_NotFiniteElement_IsNeverLost(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        Float16Gradient.AssertNeverLost(context, c, Float16Gradient.Convolution(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_NotFiniteElement_IsNeverLost(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        Float16Gradient.AssertNeverLost(context, c, Float16Gradient.OfImage(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(ThreadCases))]
    public void Threads_OneToFour_AreExactOnIntegers(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        AssertExactOnThreads(c, Float16Gradient.Convolution(c, transposed), transposed, 1, 2, 3, 4));

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_OnOneToFourThreads_IsExactOnIntegers(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        AssertExactOnThreads(c, Float16Gradient.OfImage(c, transposed), transposed, 1, 2, 3, 4));

    [Theory]
    [MemberData(nameof(CasesOfManyOutputs))]
    public void Threads_SharingOutputs_AreExactOnIntegers(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        AssertExactOnThreads(c, Float16Gradient.Convolution(c, transposed), transposed, 1, 2, 3, 4, 8));

    /// <summary>Parts of the pixels are summed by other threads then, so that the last bits may be other ones.</summary>
    [Theory]
    [MemberData(nameof(ThreadCases))]
    [MemberData(nameof(CasesOfManyOutputs))]
    public void Threads_OneToFour_AreWithinRoundingOfEachOther(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
    {
        float[] large = Bf16.Round(Numbers.Random(c.Large.Count, 1)), small = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        double bound = 2 * Float16Gradient.Bound(Float16Gradient.Terms(c));
        double[]? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            float[] weights = Float16Gradient.Run(context, Float16Gradient.Convolution(c, transposed), transposed, large, small).Weights;
            Float16Gradient.AssertClose(c, ReferenceConvolution.BackwardWeights(c, large, small), weights);
            Numbers.AssertWithin(bound, first ??= Array.ConvertAll(weights, v => (double)v), weights);
        }
    });

    [Theory]
    [MemberData(nameof(ThreadCases))]
    [MemberData(nameof(CasesOfManyOutputs))]
    public void Execute_AgainOrAnew_GivesTheSameBits(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        Float16Gradient.AssertRepeats(c, Float16Gradient.Convolution(c, transposed), transposed));

    /// <summary>Down to numbers that bf16 itself holds with fewer bits.</summary>
    private static void AssertScaledAreClose(
        CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed)
    {
        foreach ((int ofLarge, int ofSmall) in new[] { (100, -100), (-100, 100), (-60, -60), (60, 60), (120, -125), (-125, 120) })
        {
            float[] large = Scaled(Numbers.Random(c.Large.Count, 1), ofLarge), small = Scaled(Numbers.Random(c.Small.Count, 2), ofSmall);
            (float[] actual, _) = Float16Gradient.Run(context, convolution, transposed, large, small);
            Float16Gradient.AssertClose(c, ReferenceConvolution.BackwardWeights(c, large, small), actual);
        }
    }

    /// <summary>A row of all images is 2^20 times as large as the others.</summary>
    private static (double[] Expected, float[] Actual) RunWithHugeRow(
        CpuContextHandle context, ConvolutionCase c, bool transposed, bool inLarge, int row)
    {
        float[] large = Bf16.Round(Numbers.Random(c.Large.Count, 1)), small = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        float[] values = inLarge ? large : small;
        for (int i = 0; i < values.Length; i++)
        {
            if (i / Width(c, inLarge) % Height(c, inLarge) == row)
                values[i] = MathF.ScaleB(values[i], 20);
        }

        (float[] actual, _) = Float16Gradient.Run(context, Float16Gradient.Convolution(c, transposed), transposed, large, small);
        return (ReferenceConvolution.BackwardWeights(c, large, small), actual);
    }

    private static void AssertExactOnThreads(ConvolutionCase c, NativeConvolution convolution, bool transposed, params int[] counts)
    {
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        double[] expected = ReferenceConvolution.BackwardWeights(c, large, small);
        foreach (int threads in counts)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            Numbers.AssertSame(expected, Float16Gradient.Run(context, convolution, transposed, large, small).Weights);
        }
    }

    private static int Height(ConvolutionCase c, bool ofLarge) => ofLarge ? c.Height : c.SmallHeight;

    private static int Width(ConvolutionCase c, bool ofLarge) => ofLarge ? c.Width : c.SmallWidth;

    /// <summary>Rounded after that, as numbers below 2^-126 have fewer bits.</summary>
    private static float[] Scaled(float[] values, int exponent) =>
        Array.ConvertAll(values, v => Bf16.Round(MathF.ScaleB(v, exponent)));

    private static uint[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToUInt32Bits);
}
