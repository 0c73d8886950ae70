using Sunet.Native.Interop;
using Sunet.Native.Tests.Cpu;

namespace Sunet.Native.Tests.Interop;

/// <summary>
/// Dense 3x3 convolutions that are trained, by Winograd's algorithm in float32: those of bf16, too, where that is not many times as fast
/// (AMX); there they are direct sums.
/// </summary>
public sealed class WinogradTests : IDisposable
{
    /// <summary>
    /// Twice the relative L2 error that storing bf16 leads to expect (<see cref="Bf16.RoundingError"/>): the errors of float32, weights
    /// included, do not count beside it.
    /// </summary>
    private static readonly double Stored = 2 * Bf16.RoundingError;

    /// <summary>What the algorithm F(4x4, 3x3) makes of float32's rounding, whose transforms multiply by up to 8.</summary>
    private const double WinogradGrowth = 10;

    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    /// <summary>Of pixels enough for it; of uneven sizes and paddings.</summary>
    private static readonly ConvolutionCase[] Enough =
    [
        new(2, 32, 48, 40, 33, 3, 1, 1, 1, 1, 1, 1),
        new(1, 16, 16, 37, 41, 3, 1, 1, 1, 1, 0, 0),
        new(3, 64, 16, 19, 35, 3, 1, 1, 1, 1, 1, 1),
    ];

    public static TheoryData<ConvolutionCase> Shapes { get; } = [.. Enough];

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => new(Enough, Enum.GetValues<ConvolutionDirection>());

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_EitherDirection_MatchesFloat64(ConvolutionCase c, ConvolutionDirection direction) => Bf16Cpu.Run(_ =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        NativeConvolution convolution = Convolution(c, direction.IsTransposed(), NativeType.BFloat16);
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        AssertImplementation(primitive, () => direction.Create(context, Convolution(c, direction.IsTransposed(), NativeType.Float32)));
        // Direct sums round the weights, too.
        double bound = primitive.Implementation.Contains("wino", StringComparison.Ordinal) ? Stored : Math.Sqrt(2) * Stored;
        Numbers.AssertWithin(
            bound, direction.Reference(c, input, weights), direction.Run(context, primitive, convolution, input, weights));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_EitherDirectionInFloat32_MatchesFloat64(ConvolutionCase c, ConvolutionDirection direction)
    {
        float[] input = Numbers.Random(direction.Input(c).Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        NativeConvolution convolution = Convolution(c, direction.IsTransposed(), NativeType.Float32);
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Numbers.AssertWithin(
            WinogradGrowth * 2 * Math.Sqrt(9 * direction.Input(c)[1]) * Math.ScaleB(1, -24), direction.Reference(c, input, weights),
            direction.Run(context, primitive, convolution, input, weights));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_WithBiasAndReluOntoItsDestination_MatchesFloat64(ConvolutionCase c) => Bf16Cpu.Run(_ =>
    {
        float[] input = Bf16.Round(Numbers.Random(c.Large.Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        float[] bias = Numbers.Random(c.SmallChannels, 3), before = Bf16.Round(Numbers.Random(c.Small.Count, 4));
        NativeConvolution convolution = Convolution(c, false, NativeType.BFloat16);
        (convolution.HasBias, convolution.FusedRelu, convolution.Accumulate) = (1, 1, 1);
        double[] expected = ReferenceConvolution.AddBias(
            ReferenceConvolution.Forward(c, input, weights), c.SmallChannels, c.SmallHeight * c.SmallWidth, bias);
        for (int i = 0; i < expected.Length; i++)
            expected[i] += before[i];
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        float[] actual = ConvolutionRun.Forward(context, primitive, convolution, input, weights, bias, before);
        Numbers.AssertWithin(Math.Sqrt(2) * Stored, ReferenceConvolution.Relu(expected), actual);
    });

    /// <summary>Gradients of weights are float32: what rounding there is is Winograd's.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void BackwardWeights_RandomData_MatchesFloat64(ConvolutionCase c) => Bf16Cpu.Run(_ =>
    {
        float[] source = Bf16.Round(Numbers.Random(c.Large.Count, 1)), gradient = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        NativeConvolution convolution = Gradient(NativeType.BFloat16);
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        AssertImplementation(primitive, () => CpuPrimitiveHandle.ConvolutionBackwardWeights(context, Gradient(NativeType.Float32)));
        (float[] weights, float[] bias) = ConvolutionRun.BackwardWeights(context, primitive, convolution, source, gradient);
        int pixels = c.Batch * c.SmallHeight * c.SmallWidth;
        Numbers.AssertWithin(
            WinogradGrowth * 2 * Math.Sqrt(pixels) * Math.ScaleB(1, -24), ReferenceConvolution.BackwardWeights(c, source, gradient), weights);
        Numbers.AssertClose(ReferenceConvolution.ChannelSum(gradient, c.SmallChannels, c.SmallHeight * c.SmallWidth), bias, pixels);

        NativeConvolution Gradient(NativeType type)
        {
            NativeConvolution described = Convolution(c, false, type);
            described.Weights.Type = NativeType.Float32;
            described.HasBias = 1;
            return described;
        }
    });

    [Fact]
    public void Create_TooFewOrManyPixelsOrNotWantedOrForPrediction_IsADirectSum() => Bf16Cpu.Run(_ =>
    {
        NativeConvolution few = Convolution(new(1, 32, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1), false, NativeType.BFloat16);
        // Copies of 18 MiB.
        NativeConvolution many = Convolution(new(1, 64, 64, 192, 192, 3, 1, 1, 1, 1, 1, 1), false, NativeType.BFloat16);
        NativeConvolution unwanted = Convolution(Enough[0], false, NativeType.BFloat16), predicting = unwanted;
        unwanted.Winograd = 0;
        predicting.Inference = 1;
        Assert.All([few, many, unwanted, predicting], convolution =>
        {
            using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
            Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
        });
    });

    /// <summary>Weights that stay are transformed: to 16/9 of their size for tiles of 2 x 2 pixels, four times that for 4 x 4.</summary>
    [Theory]
    [InlineData(8, 2)]
    [InlineData(16, 2)]
    [InlineData(64, 4)]
    public void Create_PredictingOfSoManyPixels_KeepsSoManyTimesTheWeights(int side, int most)
    {
        NativeConvolution convolution = Convolution(new(1, 128, 128, side, side, 3, 1, 1, 1, 1, 1, 1), false, NativeType.Float32);
        convolution.Inference = 1;
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using CpuFormatHandle format = primitive.Format(NativeArgument.Weights);
        Assert.InRange(format.Bytes, 128 * 128 * 9 * sizeof(float), most * 128 * 128 * 9 * sizeof(float));
    }

    private static NativeConvolution Convolution(ConvolutionCase c, bool transposed, NativeType type)
    {
        NativeConvolution convolution = c.Convolution(NativeLayout.Blocked16, transposed);
        convolution.Source.Type = convolution.Destination.Type = convolution.Weights.Type = type;
        convolution.Winograd = 1;
        return convolution;
    }

    private static void AssertImplementation(CpuPrimitiveHandle primitive, Func<CpuPrimitiveHandle> inFloat32)
    {
        using CpuPrimitiveHandle other = inFloat32();
        bool multipliesTiles = NativeRuntime.Query().InstructionSet.Contains("amx", StringComparison.Ordinal);
        if (!multipliesTiles && other.Implementation.Contains("wino", StringComparison.Ordinal))
            Assert.Equal(other.Implementation, primitive.Implementation);
        else
            Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
    }
}
