using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Gradients of a dense 3x3 convolution's weights in bf16 by Winograd's algorithm.</summary>
public sealed class Bf16WinogradGradientTests
{
    public static MatrixTheoryData<ConvolutionCase, bool> Cases() => Float16Gradient.InBothDirections(Bf16WinogradCpu.Shapes);

    public static MatrixTheoryData<ConvolutionCase, bool> AllCases() =>
        Float16Gradient.InBothDirections([.. Bf16WinogradCpu.Shapes, .. Bf16WinogradCpu.Larger]);

    public static MatrixTheoryData<bool, WinogradObstacle> Obstacles() => new([false, true], Enum.GetValues<WinogradObstacle>());

    /// <summary>Whether threads share the areas or, where these are few, the outputs.</summary>
    [Theory]
    [MemberData(nameof(AllCases))]
    public void WeightsAndBias_IntegerData_AreExactOnAnyThreads(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(_ =>
        Float16Gradient.AssertExactOnAnyThreads(c, Bf16WinogradCpu.Gradient(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Weights_RandomData_AreWithinRounding(ConvolutionCase c, bool transposed) => Bf16WinogradCpu.Run(context =>
        Float16Gradient.AssertWithinRounding(
            context, c, Bf16WinogradCpu.Gradient(c, transposed), transposed, Bf16WinogradCpu.GradientBound));

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
    public void Create_NotWantedOrOtherKernel_SumsDirectly(bool transposed, WinogradObstacle obstacle) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = WinogradChecks.CaseWith(obstacle, new(2, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1));
        NativeConvolution convolution = Bf16WinogradCpu.Gradient(c, transposed);
        if (obstacle == WinogradObstacle.NotWanted)
            convolution.Winograd = 0;
        using CpuPrimitiveHandle primitive = Float16Gradient.Create(context, convolution, transposed);
        Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
    });
}
