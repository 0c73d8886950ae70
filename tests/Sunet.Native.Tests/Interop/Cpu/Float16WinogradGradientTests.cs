using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Gradients of a dense 3x3 convolution's weights in float16 by Winograd's algorithm.</summary>
public sealed class Float16WinogradGradientTests
{
    /// <summary>One area or several, tiles that reach beyond the image, padding of every kind, channels that fill no block.</summary>
    private static readonly ConvolutionCase[] Shapes =
    [
        new(2, 16, 32, 12, 11, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 48, 1, 64, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 16, 67, 2, 3, 1, 1, 1, 1, 1, 1),
        new(3, 21, 37, 13, 13, 3, 1, 1, 1, 1, 1, 1),
        new(2, 16, 32, 16, 15, 3, 1, 1, 0, 2, 2, 0),
        new(1, 48, 80, 33, 35, 3, 1, 1, 0, 0, 0, 0),
    ];

    /// <summary>More channels than one tile, block or group has, and areas of either size.</summary>
    private static readonly ConvolutionCase[] Larger =
    [
        new(2, 64, 64, 19, 23, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 130, 24, 25, 3, 1, 1, 1, 1, 1, 1),
        new(1, 96, 192, 12, 14, 3, 1, 1, 1, 1, 1, 1),
    ];

    public static MatrixTheoryData<ConvolutionCase, bool> Cases() => Float16Gradient.InBothDirections(Shapes);

    public static MatrixTheoryData<ConvolutionCase, bool> AllCases() => Float16Gradient.InBothDirections([.. Shapes, .. Larger]);

    public static MatrixTheoryData<bool, WinogradObstacle> Obstacles() => new([false, true], Enum.GetValues<WinogradObstacle>());

    /// <summary>Whether threads share the pixels or, where these are few, the outputs.</summary>
    [Theory]
    [MemberData(nameof(AllCases))]
    public void WeightsAndBias_IntegerData_AreExactOnAnyThreads(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        Float16Gradient.AssertExactOnAnyThreads(c, Convolution(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Weights_RandomData_AreWithinRounding(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        Float16Gradient.AssertWithinRounding(context, c, Convolution(c, transposed), transposed, Float16Gradient.WinogradBound(c)));

    /// <summary>
    /// Every sum of 64 may be rounded the same way at each addition, by up to 2^-11 of it; the nine sums of a tap's square are at most as
    /// large as the four largest ones together.
    /// </summary>
    [Theory]
    [InlineData(1.9921875f)]
    [InlineData(-1.9921875f)]
    public void Weights_OfLargestNumbersOfTheirBinade_StayFinite(float value) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 16, 32, 32, 34, 3, 1, 1, 1, 1, 1, 1);
        float[] large = new float[c.Large.Count], small = new float[c.Small.Count];
        Array.Fill(large, 1.9921875f);
        Array.Fill(small, value);
        double[] expected = ReferenceConvolution.BackwardWeights(c, large, small);
        (float[] actual, _) = Float16Gradient.Run(context, Convolution(c, false), false, large, small);
        double bound = 4 * Math.ScaleB(65 / 2.0, -11);
        for (int i = 0; i < actual.Length; i++)
            Assert.InRange(actual[i] / expected[i], 1 - bound, 1 + bound);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void WeightsAndBias_NotFiniteElement_IsNeverLost(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        Float16Gradient.AssertNeverLost(context, c, Convolution(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Execute_AgainOrAnew_GivesTheSameBits(ConvolutionCase c, bool transposed) => Float16Cpu.Run(_ =>
        Float16Gradient.AssertRepeats(c, Convolution(c, transposed), transposed));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WeightsAndBias_OfChannelSlices_ReadTheirChannelsOnly(bool transposed) => Float16Cpu.Run(context =>
    {
        ConvolutionCase[] cases = [new(2, 16, 80, 15, 9, 3, 1, 1, 1, 1, 1, 1), new(1, 48, 21, 11, 15, 3, 1, 1, 1, 1, 1, 1)];
        foreach (ConvolutionCase c in cases)
            Float16Gradient.AssertSlicesAreExact(context, c, Convolution(c, transposed, bias: true), transposed);
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherKernel_SumsDirectly(bool transposed, WinogradObstacle obstacle) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = WinogradChecks.CaseWith(obstacle, new(4, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1));
        NativeConvolution convolution = Float16Gradient.Convolution(c, transposed, winograd: obstacle != WinogradObstacle.NotWanted);
        using CpuPrimitiveHandle primitive = Float16Gradient.Create(context, convolution, transposed);
        Assert.Equal(Float16Cpu.Implementation, primitive.Implementation);
    });

    private static NativeConvolution Convolution(ConvolutionCase c, bool transposed, bool bias = false) =>
        Float16Gradient.Convolution(c, transposed, bias, winograd: true);
}
