using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>What reads activations and weights and writes activations.</summary>
public enum ConvolutionDirection
{
    Forward,
    BackwardData,
    TransposedForward,
    TransposedBackwardData,
}

internal static class ConvolutionDirections
{
    public static bool IsTransposed(this ConvolutionDirection direction) =>
        direction is ConvolutionDirection.TransposedForward or ConvolutionDirection.TransposedBackwardData;

    public static bool IsForward(this ConvolutionDirection direction) =>
        direction is ConvolutionDirection.Forward or ConvolutionDirection.TransposedForward;

    public static bool ReadsLarge(this ConvolutionDirection direction) => direction.IsForward() != direction.IsTransposed();

    public static Shape Input(this ConvolutionDirection direction, ConvolutionCase c) => direction.ReadsLarge() ? c.Large : c.Small;

    public static Shape Output(this ConvolutionDirection direction, ConvolutionCase c) => direction.ReadsLarge() ? c.Small : c.Large;

    public static NativeTensor Input(this ConvolutionDirection direction, in NativeConvolution convolution) =>
        direction.IsForward() ? convolution.Source : convolution.Destination;

    public static NativeTensor Output(this ConvolutionDirection direction, in NativeConvolution convolution) =>
        direction.IsForward() ? convolution.Destination : convolution.Source;

    public static NativeArgument InputArgument(this ConvolutionDirection direction) =>
        direction.IsForward() ? NativeArgument.Source : NativeArgument.Destination;

    public static NativeArgument OutputArgument(this ConvolutionDirection direction) =>
        direction.IsForward() ? NativeArgument.Destination : NativeArgument.Source;

    public static double[] Reference(this ConvolutionDirection direction, ConvolutionCase c, float[] input, float[] weights) =>
        direction.ReadsLarge() ? ReferenceConvolution.Forward(c, input, weights) : ReferenceConvolution.BackwardData(c, input, weights);

    /// <summary>The outputs that read any of the marked inputs.</summary>
    public static bool[] Readers(this ConvolutionDirection direction, ConvolutionCase c, Func<int, bool> marked)
    {
        float[] marks = new float[direction.Input(c).Count], ones = new float[c.Weights.Count];
        Array.Fill(ones, 1);
        for (int i = 0; i < marks.Length; i++)
            marks[i] = marked(i) ? 1 : 0;
        return Array.ConvertAll(direction.Reference(c, marks, ones), v => v > 0);
    }

    public static CpuPrimitiveHandle Create(
        this ConvolutionDirection direction, CpuContextHandle context, in NativeConvolution convolution) => direction switch
    {
        ConvolutionDirection.Forward => CpuPrimitiveHandle.ConvolutionForward(context, convolution),
        ConvolutionDirection.BackwardData => CpuPrimitiveHandle.ConvolutionBackwardData(context, convolution),
        ConvolutionDirection.TransposedForward => CpuPrimitiveHandle.DeconvolutionForward(context, convolution),
        _ => CpuPrimitiveHandle.DeconvolutionBackwardData(context, convolution),
    };

    public static float[] Run(
        this ConvolutionDirection direction, CpuContextHandle context, CpuPrimitiveHandle primitive, in NativeConvolution convolution,
        float[] input, float[] weights, float[]? bias = null, float[]? before = null) => direction.IsForward()
        ? ConvolutionRun.Forward(context, primitive, convolution, input, weights, bias, before)
        : ConvolutionRun.BackwardData(context, primitive, convolution, input, weights);
}
