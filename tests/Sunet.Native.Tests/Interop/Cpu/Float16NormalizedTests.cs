using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>
/// Convolutions in float16, and the gradients of their weights, that normalise their source: bit by bit what they give of a source that
/// the kernel has normalised before.
/// </summary>
public sealed class Float16NormalizedTests
{
    private static readonly ConvolutionCase[] Shapes =
    [
        // Single pixels: one strip, several with a shorter last one, more inputs and outputs than blocks and groups have.
        new(1, 16, 32, 5, 7, 1, 1, 1, 0, 0, 0, 0),
        new(2, 32, 48, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(2, 160, 130, 17, 19, 1, 1, 1, 0, 0, 0, 0),
        // So many sums that threads share the outputs.
        new(1, 256, 256, 4, 4, 1, 1, 1, 0, 0, 0, 0),
        new(2, 64, 192, 3, 5, 3, 1, 1, 1, 1, 1, 1),
        // Rows that are summed one at a time.
        new(2, 32, 48, 9, 70, 3, 1, 1, 1, 1, 1, 1),
        new(1, 80, 64, 6, 65, 3, 1, 2, 2, 2, 2, 2),
        new(2, 16, 32, 9, 140, 3, 2, 1, 1, 1, 1, 1),
        // Narrow images, whose rows are summed together.
        new(3, 32, 48, 12, 8, 3, 1, 1, 1, 1, 1, 1),
        new(1, 16, 80, 71, 3, 3, 2, 1, 1, 1, 1, 1),
        new(2, 48, 32, 13, 11, 3, 1, 4, 4, 4, 4, 4),
        new(2, 16, 16, 6, 1, 3, 1, 1, 1, 1, 1, 1),
        new(2, 32, 32, 15, 13, 1, 2, 1, 0, 0, 0, 0),
        new(1, 32, 48, 12, 12, 5, 2, 1, 2, 1, 1, 3),
        // By Winograd's algorithm, as are the wide images above.
        new(2, 48, 80, 21, 19, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 32, 16, 17, 3, 1, 1, 0, 2, 2, 0),
        // The last rows of the source are in no window.
        new(2, 16, 32, 12, 9, 3, 2, 1, 0, 0, 0, 0),
    ];

    /// <summary>What the gradient of a normalised convolution's weights does not take.</summary>
    public enum Obstacle
    {
        NotWanted,
        PlainSource,
        PlainDestination,
        RaggedChannels,
        NarrowWeights,
    }

    public static MatrixTheoryData<ConvolutionCase, bool> Cases() => new(Shapes, [false, true]);

    public static MatrixTheoryData<ConvolutionCase, int> Threads() => new(Shapes, [1, 2, 4]);

    public static TheoryData<Obstacle> Obstacles() => [.. Enum.GetValues<Obstacle>()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_OfNormalisedSource_HaveTheBitsOfApplyAndGradient(ConvolutionCase c, bool relu) =>
        Float16Cpu.Run(context => AssertSameWeights(context, c, relu));

    /// <summary>The same number of threads on both sides, as sums are added in an order that depends on it.</summary>
    [Theory]
    [MemberData(nameof(Threads))]
    public void Weights_OnAnyThreads_HaveTheBitsOfApplyAndGradient(ConvolutionCase c, int threads) => Float16Cpu.Run(_ =>
    {
        using CpuContextHandle context = CpuContextHandle.Create(threads);
        AssertSameWeights(context, c, relu: true);
    });

    /// <summary>What lies beside the slice would spoil everything.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_OfAChannelSlice_ReadItsChannelsOnly(ConvolutionCase c, bool relu) => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution =
            Float16Gradient.Convolution(c, transposed: false, bias: true, winograd: Float16Gradient.TakesWinograd(c));
        SourceNorm norm = SourceNorm.Random(c.LargeChannels, relu);
        float[] source = Source(c), gradient = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        (float[] expected, _) = Weights(context, convolution, norm, source, gradient);
        NativeTensor enclosing = Float16Cpu.Enclosing(convolution.Source);
        float[] around = new float[Packing.Length(enclosing)];
        Array.Fill(around, float.NaN);
        convolution.Source = enclosing.Slice(16, c.LargeChannels);
        using CpuPrimitiveHandle primitive = CreateGradient(context, convolution, relu);
        using PrimitiveRunner runner = new(context, primitive);
        NativeTensor plain = Layouts.Plain(convolution.Weights);
        runner.SetActivation(NativeArgument.Source, enclosing, Float16Cpu.With(enclosing, around, source));
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, gradient);
        runner.SetParameter(NativeArgument.Weights, plain, null);
        runner.SetParameter(NativeArgument.Bias, NativeTensor.Vector(c.SmallChannels), null);
        norm.Bind(runner);
        runner.Execute();
        Assert.Equal(expected, runner.Parameter(NativeArgument.Weights, plain, (int)c.Weights.Count));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_OfNormalisedSource_HasTheBitsOfApplyAndConvolution(ConvolutionCase c, bool accumulate) => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution =
            Float16Cpu.Convolution(c, ConvolutionDirection.Forward, relu: !accumulate, winograd: c.IsDense3x3);
        convolution.Accumulate = accumulate ? 1 : 0;
        SourceNorm norm = SourceNorm.Random(c.LargeChannels, relu: true);
        float[] source = Source(c), weights = Numbers.Random(c.Weights.Count, 2);
        float[]? before = accumulate ? Bf16.Round(Numbers.Random(c.Small.Count, 3)) : null;
        float[] expected = Float16Cpu.Run(
            context, ConvolutionDirection.Forward, convolution, norm.Apply(context, convolution.Source, source), weights, before: before);
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.NormalizedConvolution(context, convolution, SourceNorm.Epsilon, norm.Relu);
        Assert.Equal("normalised " + Float16Cpu.NameOf(convolution), primitive.Implementation);
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Source, convolution.Source, source);
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, before);
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), weights);
        norm.Bind(runner);
        runner.Execute();
        Assert.Contains(expected, v => v != 0);
        Assert.Equal(expected, runner.Activation(NativeArgument.Destination, convolution.Destination));
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void CreateGradient_WhatItDoesNotTake_IsRefused(Obstacle obstacle) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(2, obstacle == Obstacle.RaggedChannels ? 20 : 32, 48, 9, 11, 3, 1, 1, 1, 1, 1, 1);
        NativeConvolution convolution = Float16Gradient.Convolution(c, transposed: false);
        convolution.Float16 = obstacle == Obstacle.NotWanted ? 0 : 1;
        if (obstacle == Obstacle.PlainSource)
            convolution.Source.Layout = NativeLayout.Plain;
        if (obstacle == Obstacle.PlainDestination)
            convolution.Destination.Layout = NativeLayout.Plain;
        if (obstacle == Obstacle.NarrowWeights)
            convolution.Weights.Type = NativeType.BFloat16;
        BackendException refused = Assert.Throws<BackendException>(() => CreateGradient(context, convolution, relu: true).Dispose());
        Assert.Contains(obstacle == Obstacle.RaggedChannels ? "whole blocks" : "float16 only", refused.Message, StringComparison.Ordinal);
    });

    /// <summary>Channels of an image lie in planes, which only a convolution without a normalisation reads.</summary>
    [Fact]
    public void CreateGradient_OfAnImage_IsRefused() => Float16Cpu.Run(context =>
    {
        NativeConvolution image = Float16Gradient.OfImage(new(1, 3, 32, 10, 12, 3, 1, 1, 1, 1, 1, 1), transposed: false);
        BackendException refused = Assert.Throws<BackendException>(() => CreateGradient(context, image, relu: true).Dispose());
        Assert.Contains("whole blocks", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void CreateGradient_ShapesThatDoNotFit_AreArgumentErrors() => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution = Float16Gradient.Convolution(Shapes[0], transposed: false);
        convolution.Destination.Dim2 = 99;
        ArgumentException refused = Assert.Throws<ArgumentException>(() => CreateGradient(context, convolution, relu: true).Dispose());
        Assert.Contains("height", refused.Message, StringComparison.Ordinal);
    });

    private static CpuPrimitiveHandle CreateGradient(CpuContextHandle context, in NativeConvolution convolution, bool relu) =>
        CpuPrimitiveHandle.NormalizedConvolutionBackwardWeights(context, convolution, SourceNorm.Epsilon, relu);

    private static void AssertSameWeights(CpuContextHandle context, ConvolutionCase c, bool relu)
    {
        NativeConvolution convolution =
            Float16Gradient.Convolution(c, transposed: false, bias: true, winograd: Float16Gradient.TakesWinograd(c));
        SourceNorm norm = SourceNorm.Random(c.LargeChannels, relu);
        float[] source = Source(c), gradient = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        (float[] Weights, float[] Bias) expected = Float16Gradient.Run(
            context, convolution, transposed: false, norm.Apply(context, convolution.Source, source), gradient);
        (float[] Weights, float[] Bias) found = Weights(context, convolution, norm, source, gradient);
        Assert.Contains(expected.Weights, v => v != 0);
        Assert.Equal(expected.Weights, found.Weights);
        Assert.Equal(expected.Bias, found.Bias);
    }

    private static (float[] Weights, float[] Bias) Weights(
        CpuContextHandle context, in NativeConvolution convolution, SourceNorm norm, float[] source, float[] gradient)
    {
        using CpuPrimitiveHandle primitive = CreateGradient(context, convolution, norm.Relu);
        Assert.Equal("normalised " + Float16Cpu.NameOf(convolution), primitive.Implementation);
        return ConvolutionRun.BackwardWeights(context, primitive, convolution, source, gradient, norm);
    }

    /// <summary>Rows differ by powers of two, so that it shows which rows a scale was found of.</summary>
    private static float[] Source(ConvolutionCase c) =>
        [.. Numbers.Random(c.Large.Count, 1).Select((v, i) => Bf16.Round(MathF.ScaleB(v, i / c.Width % c.Height % 9)))];
}
