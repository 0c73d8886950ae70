using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>A transposed convolution is a convolution's gradient: the float64 reference is the same with the sides exchanged.</summary>
public sealed class DeconvolutionTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public static MatrixTheoryData<ConvolutionCase, int> Cases() => ConvolutionCase.WithLayouts();

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_RandomData_MatchesFloat64(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Random(c.Small.Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        float[] bias = Numbers.Random(c.LargeChannels, 3);
        int terms = c.SmallChannels * c.Kernel * c.Kernel + 1;
        double[] expected = ReferenceConvolution.BackwardData(c, source, weights);
        Numbers.AssertClose(expected, Forward(c.Convolution((NativeLayout)layout, transposed: true), source, weights, null), terms);
        expected = ReferenceConvolution.AddBias(expected, c.LargeChannels, c.Height * c.Width, bias);
        float[] biased = Forward(c.Convolution((NativeLayout)layout, transposed: true, bias: true), source, weights, bias);
        float[] relu = Forward(c.Convolution((NativeLayout)layout, transposed: true, bias: true, relu: true), source, weights, bias);
        Numbers.AssertClose(expected, biased, terms);
        Numbers.AssertClose(ReferenceConvolution.Relu(expected), relu, terms);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_RandomData_MatchesFloat64(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Random(c.Small.Count, 1), weights = Numbers.Random(c.Weights.Count, 2);
        float[] gradient = Numbers.Random(c.Large.Count, 3);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout, transposed: true, bias: true);
        (float[] dw, float[] db) = BackwardWeights(convolution, source, gradient);
        Numbers.AssertClose(
            ReferenceConvolution.Forward(c, gradient, weights), BackwardData(convolution, gradient, weights),
            c.LargeChannels * c.Kernel * c.Kernel);
        Numbers.AssertClose(
            ReferenceConvolution.BackwardWeights(c, gradient, source), dw, c.Batch * c.SmallHeight * c.SmallWidth);
        Numbers.AssertClose(
            ReferenceConvolution.ChannelSum(gradient, c.LargeChannels, c.Height * c.Width), db, c.Batch * c.Height * c.Width);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryDirection_IntegerData_IsExact(ConvolutionCase c, int layout)
    {
        float[] source = Numbers.Integers(c.Small.Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        float[] gradient = Numbers.Integers(c.Large.Count, 6);
        NativeConvolution convolution = c.Convolution((NativeLayout)layout, transposed: true);
        Numbers.AssertSame(ReferenceConvolution.BackwardData(c, source, weights), Forward(convolution, source, weights, null));
        Numbers.AssertSame(ReferenceConvolution.Forward(c, gradient, weights), BackwardData(convolution, gradient, weights));
        Numbers.AssertSame(
            ReferenceConvolution.BackwardWeights(c, gradient, source), BackwardWeights(convolution, source, gradient).Weights);
    }

    [Fact]
    public void Forward_Accumulating_IsUnsupported()
    {
        NativeConvolution convolution = ConvolutionCase.All[0].Convolution(NativeLayout.Plain, transposed: true);
        convolution.Accumulate = 1;
        BackendException error = Assert.Throws<BackendException>(
            () => CpuPrimitiveHandle.DeconvolutionForward(context, convolution, "up1"));
        Assert.Equal(NativeStatus.Unsupported, error.Code);
        Assert.Contains("up1", error.Message, StringComparison.Ordinal);
    }

    private float[] Forward(NativeConvolution convolution, float[] source, float[] weights, float[]? bias)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.DeconvolutionForward(context, convolution);
        return ConvolutionRun.Forward(context, primitive, convolution, source, weights, bias);
    }

    private float[] BackwardData(NativeConvolution convolution, float[] gradient, float[] weights)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.DeconvolutionBackwardData(context, convolution);
        return ConvolutionRun.BackwardData(context, primitive, convolution, gradient, weights);
    }

    private (float[] Weights, float[] Bias) BackwardWeights(NativeConvolution convolution, float[] source, float[] gradient)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.DeconvolutionBackwardWeights(context, convolution);
        return ConvolutionRun.BackwardWeights(context, primitive, convolution, source, gradient);
    }
}
