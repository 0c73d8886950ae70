using Sunet.Native.Interop;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Interop;

/// <summary>Dense 3x3 convolutions in bf16 by Winograd's algorithm, in every direction.</summary>
public sealed class Bf16WinogradTests
{
    /// <summary>Elements of one tile, of 4 x 4 pixels that make 2 x 2, are no further than this apart.</summary>
    private const int Reach = 3;

    /// <summary>
    /// Tiles that reach beyond the image, areas of every shape, images of one pixel, padding of every kind, channels that fill no block, no
    /// pair of blocks, and several.
    /// </summary>
    private static readonly ConvolutionCase[] Shapes =
    [
        new(2, 16, 32, 12, 11, 3, 1, 1, 1, 1, 1, 1),
        new(48, 16, 16, 1, 1, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 48, 1, 128, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 16, 131, 2, 3, 1, 1, 1, 1, 1, 1),
        new(3, 21, 37, 13, 13, 3, 1, 1, 1, 1, 1, 1),
        new(2, 16, 32, 16, 15, 3, 1, 1, 0, 2, 2, 0),
        new(1, 48, 80, 21, 25, 3, 1, 1, 0, 0, 0, 0),
        new(1, 64, 64, 14, 15, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 130, 14, 14, 3, 1, 1, 1, 1, 1, 1),
        new(2, 96, 192, 10, 10, 3, 1, 1, 1, 1, 1, 1),
    ];

    /// <summary>Of fewer tiles than it pays to transform weights for.</summary>
    private static readonly ConvolutionCase[] Small =
    [
        .. ConvolutionCase.All.Where(c => c.IsDense3x3),
        new(2, 16, 32, 1, 2, 3, 1, 1, 1, 1, 1, 1),
        new(1, 64, 32, 5, 6, 3, 1, 1, 0, 0, 0, 0),
        new(1, 96, 130, 7, 8, 3, 1, 1, 1, 1, 1, 1),
    ];

    private static readonly ConvolutionCase Wide = new(2, 32, 32, 40, 61, 3, 1, 1, 1, 1, 1, 1);

    /// <summary>What leaves a convolution to be computed directly.</summary>
    public enum Obstacle
    {
        NotWanted,
        Stride,
        Dilation,
        Kernel,
        FewTiles,
    }

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => Float16Cpu.InEveryDirection(Shapes);

    /// <summary>Predictions, whose weights stay and are transformed once, and trainings.</summary>
    public static TheoryData<ConvolutionCase, ConvolutionDirection, bool> AllCases()
    {
        var all = new TheoryData<ConvolutionCase, ConvolutionDirection, bool>();
        foreach (ConvolutionDirection direction in Float16Cpu.Directions)
        {
            foreach (ConvolutionCase c in Shapes.Concat(Small))
                all.Add(c, direction, true);
            foreach (ConvolutionCase c in Shapes)
                all.Add(c, direction, false);
        }

        return all;
    }

    public static MatrixTheoryData<ConvolutionDirection, Obstacle> Obstacles() => new(Float16Cpu.Directions, Enum.GetValues<Obstacle>());

    public static TheoryData<ConvolutionDirection> Directions() => [.. Float16Cpu.Directions];

    [Theory]
    [MemberData(nameof(AllCases))]
    public void EveryDirection_IntegerData_IsExactWithBiasAndRelu(
        ConvolutionCase c, ConvolutionDirection direction, bool predicts) => Bf16WinogradCpu.Run(context =>
    {
        int channels = direction.Output(c)[1], pixels = direction.Output(c)[2] * direction.Output(c)[3];
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] bias = Numbers.Integers(channels, 6);
        double[] expected = direction.Reference(c, input, weights);
        Numbers.AssertSame(Bf16.Round(expected), Run(context, c, direction, input, weights, predicts));
        if (direction.IsForward())
            expected = ReferenceConvolution.Relu(ReferenceConvolution.AddBias(expected, channels, pixels, bias));
        NativeConvolution convolution = Bf16WinogradCpu.Convolution(c, direction, bias: true, relu: true, predicts);
        Numbers.AssertSame(Bf16.Round(expected), Bf16WinogradCpu.Run(context, direction, convolution, input, weights, bias));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_Accumulating_AddsToDestinationBeforeRelu(
        ConvolutionCase c, ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        if (direction == ConvolutionDirection.TransposedForward)
            direction = ConvolutionDirection.Forward;
        NativeConvolution convolution = Bf16WinogradCpu.Convolution(c, direction, relu: true);
        convolution.Accumulate = 1;
        float[] input = Numbers.Integers(direction.Input(c).Count, 7), weights = Numbers.Integers(c.Weights.Count, 8);
        float[] before = Numbers.Integers(direction.Output(c).Count, 9);
        double[] expected = direction.Reference(c, input, weights);
        for (int i = 0; direction.IsForward() && i < expected.Length; i++)
            expected[i] = Math.Max(expected[i] + before[i], 0);
        Numbers.AssertSame(Bf16.Round(expected), Bf16WinogradCpu.Run(context, direction, convolution, input, weights, null, before));
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
    public void EveryDirection_NotFiniteElement_IsNeverLostAndSpoilsItsTilesAlone(
        ConvolutionDirection direction) => Bf16WinogradCpu.Run(context =>
    {
        float[] weights = Numbers.Integers(Wide.Weights.Count, 5);
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] input = Numbers.Integers(direction.Input(Wide).Count, 4);
            double[] expected = Bf16.Round(direction.Reference(Wide, input, weights));
            input[0] = value;
            bool[] readers = direction.Readers(Wide, i => i == 0);
            float[] actual = Run(context, Wide, direction, input, weights);
            Assert.Contains(true, readers);
            for (int i = 0; i < actual.Length; i++)
            {
                if (readers[i])
                    Assert.False(float.IsFinite(actual[i]), $"{value} became {actual[i]}.");
                if (IsFar(direction.Output(Wide), i))
                    Assert.Equal(expected[i], actual[i]);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Threads_OneToFour_GiveTheSameBits(ConvolutionCase c, ConvolutionDirection direction) => Bf16WinogradCpu.Run(_ =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        uint[]? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            uint[] bits = Array.ConvertAll(Run(context, c, direction, input, weights), BitConverter.SingleToUInt32Bits);
            Assert.Equal(first ??= bits, bits);
        }
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
        ConvolutionDirection direction, Obstacle obstacle) => Bf16WinogradCpu.Run(context =>
    {
        ConvolutionCase c = obstacle switch
        {
            Obstacle.Stride => new(1, 16, 32, 32, 32, 3, 2, 1, 1, 1, 1, 1),
            Obstacle.Dilation => new(1, 16, 32, 16, 16, 3, 1, 2, 2, 2, 2, 2),
            Obstacle.Kernel => new(1, 16, 32, 16, 16, 5, 1, 1, 2, 2, 2, 2),
            Obstacle.FewTiles => new(2, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            _ => new(1, 16, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1),
        };
        NativeConvolution convolution = Bf16WinogradCpu.Convolution(c, direction);
        if (obstacle == Obstacle.NotWanted)
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
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, float[] input, float[] weights, bool predicts = false) =>
        Bf16WinogradCpu.Run(context, direction, Bf16WinogradCpu.Convolution(c, direction, predicts: predicts), input, weights);

    /// <summary>Whether an element is in no tile with the first one.</summary>
    private static bool IsFar(Shape shape, int index)
    {
        int image = index / shape[3] / shape[2] / shape[1], row = index / shape[3] % shape[2], column = index % shape[3];
        return image > 0 || row > Reach || column > Reach;
    }
}
