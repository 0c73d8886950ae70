using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Runs one prepared convolution or transposed convolution, forward or either gradient, on row-major data.</summary>
internal static class ConvolutionRun
{
    public static float[] Forward(
        CpuContextHandle context, CpuPrimitiveHandle primitive, in NativeConvolution convolution, float[] source, float[] weights,
        float[]? bias, float[]? destination = null)
    {
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Source, convolution.Source, source);
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), weights);
        if (bias is not null)
            runner.SetParameter(NativeArgument.Bias, NativeTensor.Vector(bias.Length), bias);
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, destination);
        runner.Execute();
        return runner.Activation(NativeArgument.Destination, convolution.Destination);
    }

    public static float[] BackwardData(
        CpuContextHandle context, CpuPrimitiveHandle primitive, in NativeConvolution convolution, float[] gradient, float[] weights)
    {
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, gradient);
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), weights);
        runner.SetActivation(NativeArgument.Source, convolution.Source, null);
        runner.Execute();
        return runner.Activation(NativeArgument.Source, convolution.Source);
    }

    public static (float[] Weights, float[] Bias) BackwardWeights(
        CpuContextHandle context, CpuPrimitiveHandle primitive, in NativeConvolution convolution, float[] source, float[] gradient,
        SourceNorm? norm = null)
    {
        using PrimitiveRunner runner = new(context, primitive);
        NativeTensor plain = Layouts.Plain(convolution.Weights);
        int channels = convolution.Destination.Dim1;
        runner.SetActivation(NativeArgument.Source, convolution.Source, source);
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, gradient);
        runner.SetParameter(NativeArgument.Weights, plain, null);
        if (convolution.HasBias != 0)
            runner.SetParameter(NativeArgument.Bias, NativeTensor.Vector(channels), null);
        norm?.Bind(runner);
        runner.Execute();
        float[] bias = convolution.HasBias != 0
            ? runner.Parameter(NativeArgument.Bias, NativeTensor.Vector(channels), channels)
            : [];
        return (runner.Parameter(NativeArgument.Weights, plain, plain.Dim0 * plain.Dim1 * plain.Dim2 * plain.Dim3), bias);
    }
}
