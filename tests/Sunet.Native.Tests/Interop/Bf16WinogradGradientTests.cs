using Sunet.Native.Interop;

namespace Sunet.Native.Tests.Interop;

/// <summary>Gradients of a dense 3x3 convolution's weights in bf16 by Winograd's algorithm.</summary>
public sealed class Bf16WinogradGradientTests
{
    /// <summary>What leaves a gradient to be summed directly.</summary>
    public enum Obstacle
    {
        NotWanted,
        Stride,
        Dilation,
        Kernel,
        FewTiles,
    }

    public static MatrixTheoryData<ConvolutionCase, bool> Cases() => Float16Gradient.InBothDirections(Bf16WinogradCpu.Shapes);

    public static MatrixTheoryData<ConvolutionCase, bool> AllCases() =>
        Float16Gradient.InBothDirections([.. Bf16WinogradCpu.Shapes, .. Bf16WinogradCpu.Larger]);

    public static MatrixTheoryData<bool, Obstacle> Obstacles() => new([false, true], Enum.GetValues<Obstacle>());

    /// <summary>Whether threads share the areas or, where these are few, the outputs.</summary>
    [Theory]
    [MemberData(nameof(AllCases))]
    public void WeightsAndBias_IntegerData_AreExactOnAnyThreads(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(_ =>
    {
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        foreach (int threads in new[] { 1, 2, 3, 4, 8 })
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            NativeConvolution convolution = Bf16WinogradCpu.Gradient(c, transposed, bias: true);
            (float[] weights, float[] bias) = Float16Gradient.Run(context, convolution, transposed, large, small);
            Numbers.AssertSame(ReferenceConvolution.BackwardWeights(c, large, small), weights);
            Numbers.AssertSame(Float16Gradient.BiasReference(c, transposed, large, small), bias);
        }
    });

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Weights_RandomData_AreWithinRounding(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(context =>
    {
        foreach ((int ofLarge, int ofSmall) in new[] { (0, 0), (100, -100), (-100, 100), (60, 60) })
        {
            float[] large = Scaled(Numbers.Random(c.Large.Count, 1), ofLarge), small = Scaled(Numbers.Random(c.Small.Count, 2), ofSmall);
            (float[] actual, _) = Float16Gradient.Run(context, Bf16WinogradCpu.Gradient(c, transposed), transposed, large, small);
            Numbers.AssertWithin(Bf16WinogradCpu.GradientBound, ReferenceConvolution.BackwardWeights(c, large, small), actual);
        }
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void WeightsAndBias_NotFiniteElement_IsNeverLost(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(context =>
        Float16Gradient.AssertNeverLost(context, c, Bf16WinogradCpu.Gradient(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Execute_AgainOrAnew_GivesTheSameBits(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(_ =>
        Float16Gradient.AssertRepeats(c, Bf16WinogradCpu.Gradient(c, transposed), transposed));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WeightsAndBias_OfChannelSlices_ReadTheirChannelsOnly(bool transposed) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = new(2, 16, 80, 15, 13, 3, 1, 1, 1, 1, 1, 1);
        Float16Gradient.AssertSlicesAreExact(context, c, Bf16WinogradCpu.Gradient(c, transposed, bias: true), transposed);
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherKernel_SumsDirectly(bool transposed, Obstacle obstacle) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = obstacle switch
        {
            Obstacle.Stride => new(1, 16, 32, 32, 32, 3, 2, 1, 1, 1, 1, 1),
            Obstacle.Dilation => new(1, 16, 32, 16, 16, 3, 1, 2, 2, 2, 2, 2),
            Obstacle.Kernel => new(1, 16, 32, 16, 16, 5, 1, 1, 2, 2, 2, 2),
            Obstacle.FewTiles => new(2, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            _ => new(1, 16, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1),
        };
        NativeConvolution convolution = Bf16WinogradCpu.Gradient(c, transposed);
        if (obstacle == Obstacle.NotWanted)
            convolution.Winograd = 0;
        using CpuPrimitiveHandle primitive = Float16Gradient.Create(context, convolution, transposed);
        Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
    });

    private static float[] Scaled(float[] values, int exponent) =>
        Array.ConvertAll(values, v => Bf16.Round(MathF.ScaleB(v, exponent)));
}
