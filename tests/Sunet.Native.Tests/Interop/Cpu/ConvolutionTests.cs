using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class ConvolutionTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public static MatrixTheoryData<ConvolutionCase, int> Cases() => ConvolutionCase.WithLayouts();

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_RandomData_MatchesFloat64(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Random(c.Large.Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        float[] bias = Numbers.Random(c.SmallChannels, 3);
        double[] expected = ReferenceConvolution.AddBias(
            ReferenceConvolution.Forward(c, source, weights), c.SmallChannels, c.SmallHeight * c.SmallWidth, bias);
        float[] plain = Forward(c.Convolution((NativeLayout)layout, bias: true), source, weights, bias);
        float[] relu = Forward(c.Convolution((NativeLayout)layout, bias: true, relu: true), source, weights, bias);
        Numbers.AssertClose(expected, plain, c.LargeChannels * c.Kernel * c.Kernel + 1);
        Numbers.AssertClose(ReferenceConvolution.Relu(expected), relu, c.LargeChannels * c.Kernel * c.Kernel + 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_RandomData_MatchesFloat64(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Random(c.Large.Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        float[] gradient = Numbers.Random(c.Small.Count, 3);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout, bias: true);
        (float[] dw, float[] db) = BackwardWeights(convolution, source, gradient);
        int pixels = c.Batch * c.SmallHeight * c.SmallWidth;
        Numbers.AssertClose(
            ReferenceConvolution.BackwardData(c, gradient, weights), BackwardData(convolution, gradient, weights),
            c.SmallChannels * c.Kernel * c.Kernel);
        Numbers.AssertClose(ReferenceConvolution.BackwardWeights(c, source, gradient), dw, pixels);
        Numbers.AssertClose(ReferenceConvolution.ChannelSum(gradient, c.SmallChannels, c.SmallHeight * c.SmallWidth), db, pixels);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_IntegerData_IsExact(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Integers(c.Large.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] gradient = Numbers.Integers(c.Small.Count, 6);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout);
        Numbers.AssertSame(ReferenceConvolution.Forward(c, source, weights), Forward(convolution, source, weights, null));
        Numbers.AssertSame(ReferenceConvolution.BackwardData(c, gradient, weights), BackwardData(convolution, gradient, weights));
        Numbers.AssertSame(
            ReferenceConvolution.BackwardWeights(c, source, gradient), BackwardWeights(convolution, source, gradient).Weights);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_Accumulating_AddsToDestinationBeforeRelu(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Integers(c.Large.Count, 7), weights = Numbers.Integers(c.Weights.Count, 8);
        float[] before = Numbers.Integers(c.Small.Count, 9);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout, relu: true);
        convolution.Accumulate = 1;
        double[] expected = ReferenceConvolution.Forward(c, source, weights);
        for (int i = 0; i < expected.Length; i++)
            expected[i] += before[i];
        Numbers.AssertSame(ReferenceConvolution.Relu(expected), Forward(convolution, source, weights, null, before));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryDirection_ChannelSlices_IsExact(int layout)
    {
        ConvolutionCase c = new(2, 16, 32, 9, 7, 3, 2, 1, 1, 1, 1, 1);
        float[] source = Numbers.Integers(c.Large.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] gradient = Numbers.Integers(c.Small.Count, 6);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout);
        convolution.Source = (convolution.Source with { Dim1 = 48 }).Slice(16, 16);
        convolution.Destination = (convolution.Destination with { Dim1 = 64 }).Slice(32, 32);
        Numbers.AssertSame(ReferenceConvolution.Forward(c, source, weights), Forward(convolution, source, weights, null));
        Numbers.AssertSame(ReferenceConvolution.BackwardData(c, gradient, weights), BackwardData(convolution, gradient, weights));
        Numbers.AssertSame(
            ReferenceConvolution.BackwardWeights(c, source, gradient), BackwardWeights(convolution, source, gradient).Weights);
    }

    [Fact]
    public void Forward_FirstConvolutionOfImage_MatchesFloat64()
    {
        ConvolutionCase c = new(2, 3, 64, 21, 26, 7, 2, 1, 3, 3, 3, 3);
        float[] source = Numbers.Random(c.Large.Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        float[] gradient = Numbers.Random(c.Small.Count, 3);
        NativeConvolution convolution = c.Convolution(Layouts.Blocked());
        convolution.Source.Layout = NativeLayout.Plain;
        Numbers.AssertClose(ReferenceConvolution.Forward(c, source, weights), Forward(convolution, source, weights, null), 3 * 49);
        Numbers.AssertClose(
            ReferenceConvolution.BackwardWeights(c, source, gradient), BackwardWeights(convolution, source, gradient).Weights,
            c.Batch * c.SmallHeight * c.SmallWidth);
    }

    [Fact]
    public void Forward_OtherThreadCount_IsExactOnIntegers()
    {
        ConvolutionCase c = ConvolutionCase.All[4];
        float[] source = Numbers.Integers(c.Large.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        using CpuContextHandle single = CpuContextHandle.Create(1);
        NativeConvolution convolution = c.Convolution(Layouts.Blocked());
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(single, convolution);
        Assert.Equal(1, single.Threads);
        Numbers.AssertSame(
            ReferenceConvolution.Forward(c, source, weights),
            ConvolutionRun.Forward(single, primitive, convolution, source, weights, null));
    }

    private float[] Forward(NativeConvolution convolution, float[] source, float[] weights, float[]? bias, float[]? destination = null)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        return ConvolutionRun.Forward(context, primitive, convolution, source, weights, bias, destination);
    }

    private float[] BackwardData(NativeConvolution convolution, float[] gradient, float[] weights)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionBackwardData(context, convolution);
        return ConvolutionRun.BackwardData(context, primitive, convolution, gradient, weights);
    }

    private (float[] Weights, float[] Bias) BackwardWeights(NativeConvolution convolution, float[] source, float[] gradient)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        return ConvolutionRun.BackwardWeights(context, primitive, convolution, source, gradient);
    }
}
