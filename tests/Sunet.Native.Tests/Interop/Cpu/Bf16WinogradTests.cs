using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Dense 3x3 convolutions in bf16 by Winograd's algorithm, in every direction.</summary>
public sealed class Bf16WinogradTests
{
    /// <summary>Elements of one tile, of 4 x 4 pixels that make 2 x 2, are no further than this apart.</summary>
    private const int Reach = 3;

    /// <summary>Of fewer tiles than it pays to transform weights for.</summary>
    private static readonly ConvolutionCase[] Small =
    [
        .. ConvolutionCase.All.Where(c => c.IsDense3x3),
        new(2, 16, 32, 1, 2, 3, 1, 1, 1, 1, 1, 1),
        new(1, 64, 32, 5, 6, 3, 1, 1, 0, 0, 0, 0),
        new(1, 96, 130, 7, 8, 3, 1, 1, 1, 1, 1, 1),
    ];

    private static readonly ConvolutionCase[] All = [.. Bf16WinogradCpu.Shapes, .. Bf16WinogradCpu.Larger];

    private static readonly ConvolutionCase Wide = new(2, 32, 32, 40, 61, 3, 1, 1, 1, 1, 1, 1);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => Float16Cpu.InEveryDirection(All);

    /// <summary>Predictions, whose weights stay and are transformed once, and trainings.</summary>
    public static TheoryData<ConvolutionCase, ConvolutionDirection, bool> AllCases()
    {
        var all = new TheoryData<ConvolutionCase, ConvolutionDirection, bool>();
        foreach (ConvolutionDirection direction in Float16Cpu.Directions)
        {
            foreach (ConvolutionCase c in All.Concat(Small))
                all.Add(c, direction, true);
            foreach (ConvolutionCase c in All)
                all.Add(c, direction, false);
        }

        return all;
    }

    public static MatrixTheoryData<ConvolutionDirection, WinogradObstacle> Obstacles() =>
        new(Float16Cpu.Directions, Enum.GetValues<WinogradObstacle>());

    public static TheoryData<ConvolutionDirection> Directions() => [.. Float16Cpu.Directions];

    [Theory]
    [MemberData(nameof(AllCases))]
    public void EveryDirection_IntegerData_IsExactWithBiasAndRelu(
        ConvolutionCase c, ConvolutionDirection direction, bool predicts) => Bf16WinogradCpu.Run(context => WinogradChecks.AssertExact(
            context, c, direction, Bf16WinogradCpu.Convolution(c, direction, predicts: predicts),
            Bf16WinogradCpu.Convolution(c, direction, bias: true, relu: true, predicts)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_Accumulating_AddsToDestinationBeforeRelu(
        ConvolutionCase c, ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        if (direction == ConvolutionDirection.TransposedForward)
            direction = ConvolutionDirection.Forward;
        WinogradChecks.AssertAccumulates(context, c, direction, Bf16WinogradCpu.Convolution(c, direction, relu: true));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_RandomData_IsWithinRounding(
        ConvolutionCase c, ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        float[] weights = Numbers.Random(c.Weights.Count, 2);
        foreach (int exponent in new[] { 0, 100, -100 })
        {
            float[] input = Array.ConvertAll(
                Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), v => MathF.ScaleB(v, exponent));
            Numbers.AssertWithin(
                Bf16WinogradCpu.Bound, direction.Reference(c, input, weights), Run(context, c, direction, input, weights));
        }
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_NotFiniteElement_IsNeverLostAndSpoilsItsTilesAlone(ConvolutionDirection direction) => Bf16WinogradCpu.Run(
        context => WinogradChecks.AssertNeverLost(context, Wide, direction, Bf16WinogradCpu.Convolution(Wide, direction), Reach));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Threads_OneToFour_GiveTheSameBits(ConvolutionCase c, ConvolutionDirection direction) => Bf16WinogradCpu.Run(_ =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        WinogradChecks.AssertSameBits(direction, Bf16WinogradCpu.Convolution(c, direction), input, weights);
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_ChannelSlices_ReadsAndWritesTheirChannelsOnly(
        ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = new(2, 16, 80, 19, 17, 3, 1, 1, 1, 1, 1, 1);
        Float16Cpu.AssertSlicesAreExact(context, c, direction, Bf16WinogradCpu.Convolution(c, direction));
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherKernel_ComputesDirectly(
        ConvolutionDirection direction, WinogradObstacle obstacle) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = WinogradChecks.CaseWith(obstacle, new(2, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1));
        NativeConvolution convolution = Bf16WinogradCpu.Convolution(c, direction);
        if (obstacle == WinogradObstacle.NotWanted)
            convolution.Winograd = 0;
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void Describe_TransformedWeights_IsAnotherFormat(ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = new(1, 20, 40, 16, 16, 3, 1, 1, 1, 1, 1, 1);
        using CpuPrimitiveHandle training = direction.Create(context, Bf16WinogradCpu.Convolution(c, direction));
        using CpuPrimitiveHandle predicting = direction.Create(context, Bf16WinogradCpu.Convolution(c, direction, predicts: true));
        using CpuFormatHandle blocked = training.Format(NativeArgument.Weights), transformed = predicting.Format(NativeArgument.Weights);
        Assert.False(blocked.IsSameAs(transformed));
        Assert.Equal($"bf16_wino_20i40o{(direction.ReadsLarge() ? "" : "_turned")}", transformed.Describe());
        Assert.Equal(16 * 32 * 48 * sizeof(ushort), transformed.Bytes);
    });

    private static float[] Run(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, float[] input, float[] weights,
        bool predicts = false) =>
        Float16Cpu.Run(context, direction, Bf16WinogradCpu.Convolution(c, direction, predicts: predicts), input, weights);
}
