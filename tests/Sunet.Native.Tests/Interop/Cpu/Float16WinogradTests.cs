using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Dense 3x3 convolutions in float16 by Winograd's algorithm, in every direction.</summary>
public sealed class Float16WinogradTests
{
    /// <summary>No more pixels than this, in a row or column, have to do with each other by being in one area of tiles.</summary>
    private const int Reach = 26;

    /// <summary>
    /// Tiles that reach beyond the image, areas of every shape, one pixel, padding of every kind, channels that fill no block.
    /// </summary>
    private static readonly ConvolutionCase[] Shapes =
    [
        .. ConvolutionCase.All.Where(c => c.IsDense3x3),
        new(2, 16, 32, 1, 2, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 16, 2, 31, 3, 1, 1, 1, 1, 1, 1),
        new(1, 48, 16, 31, 3, 3, 1, 1, 1, 1, 1, 1),
        new(3, 16, 80, 9, 10, 3, 1, 1, 1, 1, 1, 1),
        new(1, 64, 32, 5, 6, 3, 1, 1, 0, 0, 0, 0),
        new(1, 32, 32, 8, 7, 3, 1, 1, 0, 2, 2, 1),
        new(1, 21, 37, 24, 25, 3, 1, 1, 1, 1, 1, 1),
    ];

    /// <summary>More channels than are summed in float16, and outputs in several groups.</summary>
    private static readonly ConvolutionCase[] Larger =
    [
        new(1, 64, 64, 19, 23, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 128, 9, 10, 3, 1, 1, 1, 1, 1, 1),
        new(1, 96, 130, 12, 12, 3, 1, 1, 1, 1, 1, 1),
        new(2, 160, 64, 7, 5, 3, 1, 1, 1, 1, 1, 1),
        new(1, 80, 192, 6, 14, 3, 1, 1, 1, 1, 1, 1),
    ];

    private static readonly ConvolutionCase Wide = new(2, 32, 32, 40, 61, 3, 1, 1, 1, 1, 1, 1);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => Float16Cpu.InEveryDirection(Shapes);

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> AllCases() => Float16Cpu.InEveryDirection([.. Shapes, .. Larger]);

    public static MatrixTheoryData<ConvolutionDirection, WinogradObstacle> Obstacles() =>
        new(Float16Cpu.Directions, Enum.GetValues<WinogradObstacle>());

    public static TheoryData<ConvolutionDirection> Directions() => [.. Float16Cpu.Directions];

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_IntegerData_IsExactWithBiasAndRelu(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context => WinogradChecks.AssertExact(
            context, c, direction, Float16Cpu.Convolution(c, direction, winograd: true),
            Float16Cpu.Convolution(c, direction, bias: true, relu: true, winograd: true)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_Accumulating_AddsToDestinationBeforeRelu(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        if (direction == ConvolutionDirection.TransposedForward)
            direction = ConvolutionDirection.Forward;
        WinogradChecks.AssertAccumulates(context, c, direction, Float16Cpu.Convolution(c, direction, relu: true, winograd: true));
    });

    [Theory]
    [MemberData(nameof(AllCases))]
    public void EveryDirection_RandomData_IsWithinRounding(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] weights = Numbers.Random(c.Weights.Count, 2);
        foreach (int exponent in new[] { 0, 100, -100 })
        {
            float[] input = Array.ConvertAll(
                Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), v => MathF.ScaleB(v, exponent));
            AssertClose(c, direction, direction.Reference(c, input, weights), Run(context, c, direction, input, weights));
        }
    });

    /// <summary>Products of the largest numbers of their binade have the largest sums there are.</summary>
    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_LargestNumbersOfTheirBinade_StayFinite(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 128, 128, 8, 9, 3, 1, 1, 1, 1, 1, 1);
        foreach (bool alternates in new[] { false, true })
        {
            // Of either sign so that the transforms of both add up, in one product.
            float[] input = new float[direction.Input(c).Count], weights = new float[c.Weights.Count];
            for (int i = 0; i < input.Length; i++)
                input[i] = alternates && ((i / direction.Input(c)[3]) + i) % 4 >= 2 ? -1.9921875f : 1.9921875f;
            for (int i = 0; i < weights.Length; i++)
                weights[i] = alternates && i % 2 == 1 ? -1.9999999f : 1.9999999f;
            float[] actual = Run(context, c, direction, input, weights);
            Assert.All(actual, v => Assert.True(float.IsFinite(v)));
            double[] expected = direction.Reference(c, input, weights);
            if (!alternates)
                AssertClose(c, direction, expected, actual);
        }
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_HugeElement_CostsItsAreaAlone(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(Wide).Count, 1)), weights = Numbers.Random(Wide.Weights.Count, 2);
        input[0] = Bf16.Round(1e30f);
        double[] expected = direction.Reference(Wide, input, weights);
        float[] actual = Run(context, Wide, direction, input, weights);
        AssertClose(Wide, direction, expected, actual, i => WinogradChecks.IsFar(direction.Output(Wide), i, Reach));
        AssertClose(Wide, direction, expected, actual, i => !WinogradChecks.IsFar(direction.Output(Wide), i, Reach));
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_NotFiniteElement_IsNeverLostAndSpoilsItsAreaAlone(ConvolutionDirection direction) => Float16Cpu.Run(
        context => WinogradChecks.AssertNeverLost(
            context, Wide, direction, Float16Cpu.Convolution(Wide, direction, winograd: true), Reach));

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_WeightsFarFromOneOrNone_AreWithinRoundingChannelByChannel(
        ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(2, 32, 48, 9, 14, 3, 1, 1, 1, 1, 1, 1);
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        int spoilt = direction.Output(c)[1] - 1;
        for (int i = 0; i < weights.Length; i++)
        {
            int channel = direction.ReadsLarge() ? i / 9 / c.LargeChannels : i / 9 % c.LargeChannels;
            weights[i] = channel == spoilt && i % 9 == 4 ? float.NaN : MathF.ScaleB(weights[i], ((channel % 3) - 1) * 60);
        }

        double[] expected = direction.Reference(c, input, weights);
        float[] actual = Run(context, c, direction, input, weights);
        int ChannelOf(int i) => i / direction.Output(c)[3] / direction.Output(c)[2] % direction.Output(c)[1];
        for (int channel = 0; channel < spoilt; channel++)
            AssertClose(c, direction, expected, actual, i => ChannelOf(i) == channel);
        for (int i = 0; i < actual.Length; i++)
            Assert.Equal(ChannelOf(i) == spoilt, float.IsNaN(actual[i]));
    });

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Threads_OneToFour_GiveTheSameBits(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(_ =>
    {
        int height = direction.Input(c)[2], width = direction.Input(c)[3];
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        // Areas have scales of their own.
        for (int i = 0; i < input.Length; i++)
            input[i] = MathF.ScaleB(input[i], -40 * (i / width % height) / height);
        WinogradChecks.AssertSameBits(direction, Float16Cpu.Convolution(c, direction, winograd: true), input, weights);
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void EveryDirection_ChannelSlices_ReadsAndWritesTheirChannelsOnly(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase[] cases = [new(2, 16, 80, 9, 7, 3, 1, 1, 1, 1, 1, 1), new(2, 48, 21, 6, 15, 3, 1, 1, 1, 1, 1, 1)];
        foreach (ConvolutionCase c in cases)
            Float16Cpu.AssertSlicesAreExact(context, c, direction, Float16Cpu.Convolution(c, direction, winograd: true));
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherKernel_ComputesDirectly(
        ConvolutionDirection direction, WinogradObstacle obstacle) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = WinogradChecks.CaseWith(obstacle, new(1, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1));
        NativeConvolution convolution = Float16Cpu.Convolution(c, direction, winograd: obstacle != WinogradObstacle.NotWanted);
        if (obstacle == WinogradObstacle.FewTiles)
            convolution.Inference = 0;
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Assert.Equal(Float16Cpu.Implementation, primitive.Implementation);
    });

    [Theory]
    [MemberData(nameof(Directions))]
    public void Describe_TransformedWeights_IsAnotherFormat(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 20, 40, 8, 8, 3, 1, 1, 1, 1, 1, 1);
        using CpuPrimitiveHandle direct = direction.Create(context, Float16Cpu.Convolution(c, direction));
        using CpuPrimitiveHandle winograd = direction.Create(context, Float16Cpu.Convolution(c, direction, winograd: true));
        using CpuFormatHandle plain = direct.Format(NativeArgument.Weights), transformed = winograd.Format(NativeArgument.Weights);
        Assert.False(plain.IsSameAs(transformed));
        Assert.NotEqual(plain.Describe(), transformed.Describe());
        Assert.True(transformed.Bytes > plain.Bytes);
    });

    private static float[] Run(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, float[] input, float[] weights) =>
        Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction, winograd: true), input, weights);

    private static void AssertClose(
        ConvolutionCase c, ConvolutionDirection direction, double[] expected, float[] actual, Func<int, bool>? chosen = null) =>
        Numbers.AssertWithin(Float16Cpu.WinogradBound(direction.Input(c)[1]), expected, actual, chosen);
}
