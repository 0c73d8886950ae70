using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Dense 3x3 convolutions by Winograd's algorithm in float32, where oneDNN has it.</summary>
public sealed class WinogradTests : IDisposable
{
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
    public void Run_EitherDirection_MatchesFloat64(ConvolutionCase c, ConvolutionDirection direction)
    {
        float[] input = Numbers.Random(direction.Input(c).Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        NativeConvolution convolution = Convolution(c, direction.IsTransposed());
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Numbers.AssertWithin(
            WinogradGrowth * 2 * Math.Sqrt(9 * direction.Input(c)[1]) * Math.ScaleB(1, -24), direction.Reference(c, input, weights),
            direction.Run(context, primitive, convolution, input, weights));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void BackwardWeights_RandomData_MatchesFloat64(ConvolutionCase c)
    {
        float[] source = Numbers.Random(c.Large.Count, 1), gradient = Numbers.Random(c.Small.Count, 2);
        NativeConvolution convolution = Convolution(c, false);
        convolution.HasBias = 1;
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        (float[] weights, float[] bias) = ConvolutionRun.BackwardWeights(context, primitive, convolution, source, gradient);
        int pixels = c.Batch * c.SmallHeight * c.SmallWidth;
        Numbers.AssertWithin(
            WinogradGrowth * 2 * Math.Sqrt(pixels) * Math.ScaleB(1, -24),
            ReferenceConvolution.BackwardWeights(c, source, gradient), weights);
        Numbers.AssertClose(ReferenceConvolution.ChannelSum(gradient, c.SmallChannels, c.SmallHeight * c.SmallWidth), bias, pixels);
    }

    [Fact]
    public void Create_TooFewPixelsOrNotWanted_IsADirectSum()
    {
        NativeConvolution few = Convolution(new(1, 32, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1), false), unwanted = Convolution(Enough[0], false);
        unwanted.Winograd = 0;
        Assert.All([few, unwanted], convolution =>
        {
            using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
            Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
        });
    }

    /// <summary>Weights that stay are transformed: to 16/9 of their size for tiles of 2 x 2 pixels, four times that for 4 x 4.</summary>
    [Theory]
    [InlineData(8, 2)]
    [InlineData(16, 2)]
    [InlineData(64, 4)]
    public void Create_PredictingOfSoManyPixels_KeepsSoManyTimesTheWeights(int side, int most)
    {
        NativeConvolution convolution = Convolution(new(1, 128, 128, side, side, 3, 1, 1, 1, 1, 1, 1), false);
        convolution.Inference = 1;
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using CpuFormatHandle format = primitive.Format(NativeArgument.Weights);
        Assert.InRange(format.Bytes, 128 * 128 * 9 * sizeof(float), most * 128 * 128 * 9 * sizeof(float));
    }

    private static NativeConvolution Convolution(ConvolutionCase c, bool transposed)
    {
        NativeConvolution convolution = c.Convolution(Layouts.Blocked(), transposed);
        convolution.Winograd = 1;
        return convolution;
    }
}
