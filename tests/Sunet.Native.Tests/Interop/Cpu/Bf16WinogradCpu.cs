using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tests.Backends.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>
/// Dense 3x3 convolutions of bf16 by Winograd's algorithm where the CPU multiplies bf16 in vectors; elsewhere what is tested is that they
/// are not.
/// </summary>
internal static class Bf16WinogradCpu
{
    public const string Implementation = "bf16_wino_2x3:avx512_bf16";

    /// <summary>
    /// What rounding both operands of every product to bf16 leads to expect, relative to the result: the errors of independent sums, grown
    /// as the algorithm lets them (<see cref="Float16Cpu.WinogradGrowth"/>).
    /// </summary>
    public static readonly double OperandError = Float16Cpu.WinogradGrowth * Math.Sqrt(2) * Bf16.RoundingError;

    /// <summary>
    /// Twice the relative L2 error that rounding leads to expect: of the operands, and of the result. What float32 makes of transforms and
    /// sums does not count beside it. This was settled before any result was seen.
    /// </summary>
    public static readonly double Bound = 2 * Math.Sqrt((OperandError * OperandError) + (Bf16.RoundingError * Bf16.RoundingError));

    /// <summary>The same of a weight's gradient, which is float32.</summary>
    public static readonly double GradientBound = 2 * OperandError;

    /// <summary>
    /// Of tiles enough: one area of them or several, an odd number, tiles that reach beyond the image, images of one pixel, padding of
    /// every kind, channels that fill no block and no pair of blocks.
    /// </summary>
    public static IReadOnlyList<ConvolutionCase> Shapes { get; } =
    [
        new(2, 16, 32, 12, 11, 3, 1, 1, 1, 1, 1, 1),
        new(48, 16, 16, 1, 1, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 48, 1, 129, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 16, 131, 2, 3, 1, 1, 1, 1, 1, 1),
        new(3, 21, 37, 13, 13, 3, 1, 1, 1, 1, 1, 1),
        new(2, 16, 32, 16, 15, 3, 1, 1, 0, 2, 2, 0),
        new(1, 48, 80, 21, 25, 3, 1, 1, 0, 0, 0, 0),
    ];

    /// <summary>More channels than one tile of sums has.</summary>
    public static IReadOnlyList<ConvolutionCase> Larger { get; } =
    [
        new(2, 64, 64, 14, 15, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 130, 14, 14, 3, 1, 1, 1, 1, 1, 1),
        new(2, 96, 192, 10, 10, 3, 1, 1, 1, 1, 1, 1),
    ];

    private static bool IsExpected =>
        NativeRuntime.Query() is { HasBFloat16: true } runtime && !runtime.InstructionSet.Contains("amx", StringComparison.Ordinal);

    /// <summary>Runs a test on two threads where convolutions are made so; elsewhere asserts that none is.</summary>
    /// <param name="test">Does not keep the context.</param>
    public static void Run(Action<CpuContextHandle> test)
    {
        using CpuContextHandle context = CpuContextHandle.Create(2);
        if (IsExpected)
        {
            test(context);
            return;
        }

        Bf16Cpu.Run(_ =>
        {
            NativeConvolution convolution = Convolution(new(1, 32, 32, 16, 16, 3, 1, 1, 1, 1, 1, 1), ConvolutionDirection.Forward);
            using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
            Assert.DoesNotContain("wino", primitive.Implementation, StringComparison.Ordinal);
        });
    }

    public static NativeConvolution Convolution(
        ConvolutionCase c, ConvolutionDirection direction, bool bias = false, bool relu = false, bool predicts = false)
    {
        NativeConvolution convolution = c.Convolution(NativeLayout.Blocked16, direction.IsTransposed(), bias, relu);
        convolution.Source.Type = convolution.Destination.Type = convolution.Weights.Type = NativeType.BFloat16;
        convolution.Winograd = 1;
        convolution.Inference = predicts ? 1 : 0;
        return convolution;
    }

    /// <summary>Of the gradient of weights.</summary>
    public static NativeConvolution Gradient(ConvolutionCase c, bool transposed, bool bias = false)
    {
        NativeConvolution convolution = c.Convolution(NativeLayout.Blocked16, transposed, bias);
        convolution.Source.Type = convolution.Destination.Type = NativeType.BFloat16;
        convolution.Winograd = 1;
        return convolution;
    }
}
