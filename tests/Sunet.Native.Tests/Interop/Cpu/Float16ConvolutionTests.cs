using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class Float16ConvolutionTests
{
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Cases() => Float16Cpu.InEveryDirection(ConvolutionCase.All);

    /// <summary>
    /// More channels than are summed in float16, outputs that fill no group of 64, rows that fill no tile, and a block of 16 channels left.
    /// </summary>
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> LargerCases() => Float16Cpu.InEveryDirection(
    [
        .. ConvolutionCase.All,
        new(1, 64, 64, 19, 23, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 64, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(1, 96, 80, 21, 27, 3, 2, 1, 1, 1, 1, 1),
        new(1, 64, 32, 18, 25, 3, 1, 4, 4, 4, 4, 4),
        new(2, 160, 130, 17, 19, 1, 1, 1, 0, 0, 0, 0),
        new(1, 64, 192, 11, 14, 3, 1, 1, 1, 1, 1, 1),
        new(3, 48, 112, 14, 15, 1, 2, 1, 0, 0, 0, 0),
        new(1, 32, 32, 13, 40, 2, 2, 1, 0, 0, 0, 0),
    ]);

    /// <summary>One to four channels, rows that fill no vector of eight pixels, and single pixels of a kernel.</summary>
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Images() => new(
    [
        new(2, 3, 64, 21, 26, 7, 2, 1, 3, 3, 3, 3),
        new(1, 1, 16, 9, 5, 3, 1, 1, 1, 1, 1, 1),
        new(2, 1, 40, 17, 19, 7, 2, 1, 3, 3, 3, 3),
        new(2, 2, 32, 8, 7, 3, 2, 1, 1, 1, 1, 1),
        new(1, 4, 48, 12, 30, 5, 1, 1, 2, 1, 2, 3),
        new(2, 4, 100, 6, 3, 1, 1, 1, 0, 0, 0, 0),
        new(1, 3, 24, 7, 1, 3, 1, 1, 1, 1, 1, 1),
        new(1, 3, 64, 33, 9, 3, 2, 1, 0, 0, 1, 1),
    ], [ConvolutionDirection.Forward, ConvolutionDirection.TransposedBackwardData]);

    /// <summary>A last slice may end within a block.</summary>
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> Slices() => Float16Cpu.InEveryDirection(
    [
        new(2, 16, 32, 9, 7, 3, 2, 1, 1, 1, 1, 1),
        new(2, 32, 80, 9, 7, 1, 1, 1, 0, 0, 0, 0),
        new(2, 48, 21, 6, 15, 3, 1, 2, 2, 2, 2, 2),
    ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_IntegerData_IsExact(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
        Numbers.AssertSame(Bf16.Round(direction.Reference(c, input, weights)), actual);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_BiasAndRelu_AreExactOnIntegers(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        // Gradients have neither, whatever their forward convolution has, and are not to ask for a bias.
        int channels = direction.Output(c)[1], pixels = direction.Output(c)[2] * direction.Output(c)[3];
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] bias = Numbers.Integers(channels, 6);
        double[] expected = direction.Reference(c, input, weights);
        if (direction.IsForward())
            expected = ReferenceConvolution.Relu(ReferenceConvolution.AddBias(expected, channels, pixels, bias));
        NativeConvolution convolution = Float16Cpu.Convolution(c, direction, bias: true, relu: true);
        Numbers.AssertSame(Bf16.Round(expected), Float16Cpu.Run(context, direction, convolution, input, weights, bias));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_Accumulating_AddsToDestinationBeforeRelu(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution = Float16Cpu.Convolution(c, direction, relu: true);
        convolution.Accumulate = 1;
        if (direction == ConvolutionDirection.TransposedForward)
        {
            Assert.Throws<BackendException>(() => direction.Create(context, convolution).Dispose());
            return;
        }

        float[] input = Numbers.Integers(direction.Input(c).Count, 7), weights = Numbers.Integers(c.Weights.Count, 8);
        float[] before = Numbers.Integers(direction.Output(c).Count, 9);
        double[] expected = direction.Reference(c, input, weights);
        for (int i = 0; direction.IsForward() && i < expected.Length; i++)
            expected[i] = Math.Max(expected[i] + before[i], 0);
        Numbers.AssertSame(
            Bf16.Round(expected), Float16Cpu.Run(context, direction, convolution, input, weights, null, before));
    });

    [Theory]
    [MemberData(nameof(LargerCases))]
    public void EveryDirection_RandomData_IsWithinRounding(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1)), weights = Numbers.Random(c.Weights.Count, 2);
        float[] actual = Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights);
        Float16Cpu.AssertClose(direction.Reference(c, input, weights), actual, terms: direction.Input(c)[1]);
    });

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_InPlanes_IsExactOnIntegersAndElseWithinRounding(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution = Float16Cpu.Convolution(c, direction);
        (direction.IsTransposed() ? ref convolution.Destination : ref convolution.Source).Layout = NativeLayout.Plain;
        float[] input = Numbers.Integers(c.Large.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        Numbers.AssertSame(
            Bf16.Round(direction.Reference(c, input, weights)), Float16Cpu.Run(context, direction, convolution, input, weights));
        input = Bf16.Round(Numbers.Random(c.Large.Count, 1));
        weights = Numbers.Random(c.Weights.Count, 2);
        // A row of the kernel is summed at once.
        Float16Cpu.AssertClose(
            direction.Reference(c, input, weights), Float16Cpu.Run(context, direction, convolution, input, weights),
            c.LargeChannels * c.Kernel);
    });

    [Theory]
    [MemberData(nameof(Slices))]
    public void EveryDirection_ChannelSlices_ReadsAndWritesTheirChannelsOnly(
        ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(context =>
        Float16Cpu.AssertSlicesAreExact(context, c, direction, Float16Cpu.Convolution(c, direction)));
}
