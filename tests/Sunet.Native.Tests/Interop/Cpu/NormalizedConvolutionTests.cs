using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class NormalizedConvolutionTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public void Dispose() => context.Dispose();

    /// <summary>
    /// Strips that fit, a last one that is shorter, one pixel, and channels that make strips short; one image and several.
    /// </summary>
    public static TheoryData<int, int, int, int, int, bool, bool, bool> Cases => new()
    {
        { 1, 32, 16, 8, 8, true, true, true },
        { 2, 64, 32, 37, 29, true, true, false },
        { 3, 16, 48, 1, 1, false, true, true },
        { 1, 1024, 64, 19, 23, true, false, false },
        { 2, 32, 32, 67, 71, true, true, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Execute_RandomData_MatchesFloat64(
        int batch, int inputs, int outputs, int height, int width, bool normRelu, bool bias, bool relu)
    {
        NativeConvolution convolution = Convolution(batch, inputs, outputs, height, width, bias, relu);
        float[] x = Numbers.Random(batch * inputs * height * width, 1), weights = Numbers.Random(outputs * inputs, 2);
        float[] b = Numbers.Random(outputs, 3);
        SourceNorm norm = SourceNorm.Random(inputs, normRelu);
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.NormalizedConvolution(context, convolution, SourceNorm.Epsilon, normRelu);
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Source, convolution.Source, x);
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, null);
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), weights);
        norm.Bind(runner);
        if (bias)
            runner.SetParameter(NativeArgument.Bias, NativeTensor.Vector(outputs), b);
        runner.Execute();
        int pixels = height * width;
        double[] expected = new double[batch * outputs * pixels];
        for (int i = 0; i < expected.Length; i++)
        {
            int n = i / pixels / outputs, o = i / pixels % outputs, pixel = i % pixels;
            double sum = bias ? b[o] : 0;
            for (int c = 0; c < inputs; c++)
            {
                double scale = norm.Gamma[c] / Math.Sqrt(norm.Variance[c] + (double)SourceNorm.Epsilon);
                double value = ((x[(((n * inputs) + c) * pixels) + pixel] - norm.Mean[c]) * scale) + norm.Beta[c];
                sum += weights[(o * inputs) + c] * (normRelu ? Math.Max(0, value) : value);
            }

            expected[i] = relu ? Math.Max(0, sum) : sum;
        }

        Numbers.AssertClose(expected, runner.Activation(NativeArgument.Destination, convolution.Destination), inputs + 4);
    }

    [Fact]
    public void Create_WhatItDoesNotTake_IsRefused()
    {
        NativeConvolution plain = Convolution(1, 32, 32, 8, 8, bias: false, relu: false);
        plain.Source.Layout = NativeLayout.Plain;
        NativeConvolution accumulating = Convolution(1, 32, 32, 8, 8, bias: false, relu: false);
        accumulating.Accumulate = 1;
        NativeConvolution ragged = Convolution(1, 40, 33, 8, 8, bias: false, relu: false);
        foreach (NativeConvolution convolution in new[] { plain, accumulating, ragged })
        {
            BackendException refused = Assert.Throws<BackendException>(
                () => CpuPrimitiveHandle.NormalizedConvolution(context, convolution, SourceNorm.Epsilon, relu: true).Dispose());
            Assert.Contains("1x1", refused.Message, StringComparison.Ordinal);
        }
    }

    private static NativeConvolution Convolution(int batch, int inputs, int outputs, int height, int width, bool bias, bool relu) => new()
    {
        Source = new NativeTensor(batch, inputs, height, width, Layouts.Blocked()),
        Weights = new NativeTensor(outputs, inputs, 1, 1, NativeLayout.Any),
        Destination = new NativeTensor(batch, outputs, height, width, Layouts.Blocked()),
        StrideHeight = 1,
        StrideWidth = 1,
        DilationHeight = 1,
        DilationWidth = 1,
        HasBias = bias ? 1 : 0,
        FusedRelu = relu ? 1 : 0,
        Inference = 1,
    };
}
