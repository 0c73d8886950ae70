using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>
/// Convolutions of bf16 that multiply in float16 where the CPU prefers that; elsewhere what is tested is that they do not.
/// </summary>
internal static class Float16Cpu
{
    public const string Implementation = "float16:avx512_fp16";

    public const string Winograd = "float16_wino_2x3:avx512_fp16";

    /// <summary>
    /// What Winograd's algorithm F(2x2, 3x3) makes of rounding errors. In one dimension an output is a sum of three products, of sources of
    /// twice the variance (each is a sum or difference of two) and weights of 1, 3/4 and 3/4 of it (the latter are half the sum of three):
    /// together 5, where three products of the convolution itself have 3. In two dimensions that is 25 for 9, errors of independent sums
    /// are as much larger. The same holds for gradients of weights: of their sums, made of destinations of 1, 2, 2 and 1 times the
    /// variance, the three taps take 4, 2 and 4 in place of 2 each.
    /// </summary>
    public static readonly double WinogradGrowth = 5.0 / 3;

    public static ConvolutionDirection[] Directions { get; } = Enum.GetValues<ConvolutionDirection>();

    /// <summary>Runs a test on two threads where the CPU prefers float16; elsewhere asserts that no convolution is made of it.</summary>
    /// <param name="test">Does not keep the context.</param>
    public static void Run(Action<CpuContextHandle> test)
    {
        using CpuContextHandle context = CpuContextHandle.Create(2);
        if (NativeRuntime.Query().PrefersFloat16)
            test(context);
        else
            AssertUnused(context);
    }

    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> InEveryDirection(IEnumerable<ConvolutionCase> cases) =>
        new(cases, Directions);

    public static NativeConvolution Convolution(
        ConvolutionCase c, ConvolutionDirection direction, bool bias = false, bool relu = false,
        NativeLayout layout = NativeLayout.Blocked16, bool winograd = false)
    {
        NativeConvolution convolution = c.Convolution(layout, direction.IsTransposed(), bias, relu);
        convolution.Source.Type = convolution.Destination.Type = convolution.Weights.Type = NativeType.BFloat16;
        convolution.Float16 = 1;
        convolution.Winograd = winograd ? 1 : 0;
        // However few pixels there are.
        convolution.Inference = convolution.Winograd;
        return convolution;
    }

    /// <summary>Prepares and runs a convolution, which is made as it asks for.</summary>
    public static float[] Run(
        CpuContextHandle context, ConvolutionDirection direction, in NativeConvolution convolution, float[] input, float[] weights,
        float[]? bias = null, float[]? before = null)
    {
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Assert.Equal(NameOf(convolution), primitive.Implementation);
        return direction.Run(context, primitive, convolution, input, weights, bias, before);
    }

    /// <summary>
    /// Twice the relative L2 error that rounding leads to expect. A number of p bits is off by up to 2^-p of the binade's beginning, evenly
    /// spread, and numbers are about 1.5 times that beginning: an error of 2^-p / (1.5 sqrt 3). That happens to the result with 8 bits and
    /// to every weight with 11, which of sums of either sign leaves as much. Of K products that are summed in float16 (11 bits) every
    /// partial sum is rounded; those grow like a random walk, so that the errors add up to sqrt(1 + 2 + ... + K) roundings of a product,
    /// which is sqrt(K / 2) roundings of the sum. Adding two such sums up in float16 is one more, which does not count beside K of them;
    /// sums of those in float32 add nothing either, and inputs are bf16 already. This was settled before any result was seen.
    /// </summary>
    /// <param name="terms">How many products there are; never more than 64 are added one after the other.</param>
    public static double Bound(int terms)
    {
        double spread = 1 / (1.5 * Math.Sqrt(3)), stored = Bf16.RoundingError, rounded = Math.ScaleB(spread, -11);
        double summed = rounded * Math.Sqrt(Math.Min(terms, 64) / 2.0);
        return 2 * Math.Sqrt((stored * stored) + (rounded * rounded) + (summed * summed));
    }

    /// <summary>
    /// The same for Winograd's algorithm. Beside the sums, a transformed source is rounded twice and a transformed weight once, and the
    /// sums are added in float16, which rounds four times. This, too, was settled before any result was seen.
    /// </summary>
    public static double WinogradBound(int terms)
    {
        const int others = 2 + 1 + 4;
        double spread = 1 / (1.5 * Math.Sqrt(3)), stored = Bf16.RoundingError;
        double summed = WinogradGrowth * Math.ScaleB(spread, -11) * Math.Sqrt((Math.Min(terms, 64) / 2.0) + others);
        return 2 * Math.Sqrt((stored * stored) + (summed * summed));
    }

    /// <summary>Holds the chosen elements to the bound, relative to all of them together.</summary>
    public static void AssertClose(double[] expected, float[] actual, int terms, Func<int, bool>? chosen = null) =>
        Numbers.AssertWithin(Bound(terms), expected, actual, chosen);

    /// <summary>The tensor with a block of channels before it and, if its own fill whole blocks, one behind it.</summary>
    public static NativeTensor Enclosing(NativeTensor tensor) =>
        tensor with { Dim1 = tensor.Dim1 + (tensor.Dim1 % 16 == 0 ? 32 : 16) };

    /// <summary>Row-major values of a tensor with other ones for its channels from 16 on.</summary>
    public static T[] With<T>(in NativeTensor tensor, T[] whole, T[] slice)
    {
        int pixels = tensor.Dim2 * tensor.Dim3, length = slice.Length / tensor.Dim0;
        T[] result = [.. whole];
        for (int n = 0; n < tensor.Dim0; n++)
            Array.Copy(slice, n * length, result, ((n * tensor.Dim1) + 16) * pixels, length);
        return result;
    }

    /// <summary>Of integers, between other channels on both sides.</summary>
    public static void AssertSlicesAreExact(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, NativeConvolution convolution)
    {
        NativeTensor input = Enclosing(direction.Input(convolution));
        NativeTensor output = Enclosing(direction.Output(convolution));
        convolution.Source = Enclosing(convolution.Source).Slice(16, convolution.Source.Dim1);
        convolution.Destination = Enclosing(convolution.Destination).Slice(16, convolution.Destination.Dim1);
        float[] values = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        // What lies beside the input would spoil everything, and what lies beside the output is there before and after.
        float[] around = new float[input.Dim0 * input.Dim1 * input.Dim2 * input.Dim3];
        Array.Fill(around, float.NaN);
        float[] before = Numbers.Integers(output.Dim0 * output.Dim1 * output.Dim2 * output.Dim3, 6);
        double[] expected = Bf16.Round(direction.Reference(c, values, weights));
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Assert.Equal(NameOf(convolution), primitive.Implementation);
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(direction.InputArgument(), input, With(input, around, values));
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), weights);
        runner.SetActivation(direction.OutputArgument(), output, before);
        runner.Execute();
        Numbers.AssertSame(
            With(output, Array.ConvertAll(before, v => (double)v), expected),
            runner.Activation(direction.OutputArgument(), output));
    }

    /// <summary>The implementation that the convolution asks for.</summary>
    public static string NameOf(in NativeConvolution convolution) =>
        convolution.Winograd == 0 ? Implementation : convolution.Float16 != 0 ? Winograd : Bf16WinogradCpu.Implementation;

    private static void AssertUnused(CpuContextHandle context)
    {
        foreach (ConvolutionDirection direction in Directions)
            AssertUnused(() => direction.Create(context, Convolution(ConvolutionCase.All[0], direction)), $"{direction}");
        foreach (bool transposed in new[] { false, true })
        {
            AssertUnused(
                () => Float16Gradient.Create(context, Float16Gradient.Convolution(ConvolutionCase.All[0], transposed), transposed),
                transposed ? "Transposed weights' gradient" : "Weights' gradient");
        }

        NativeConvolution convolution = Float16Gradient.Convolution(ConvolutionCase.All[0], transposed: false);
        Assert.Throws<BackendException>(() =>
            CpuPrimitiveHandle.NormalizedConvolutionBackwardWeights(context, convolution, SourceNorm.Epsilon, relu: true).Dispose());
    }

    private static void AssertUnused(Func<CpuPrimitiveHandle> create, string what)
    {
        string implementation = "";
        Exception? refused = Record.Exception(() =>
        {
            using CpuPrimitiveHandle primitive = create();
            implementation = primitive.Implementation;
        });
        Assert.DoesNotContain("float16", implementation, StringComparison.Ordinal);
        // oneDNN need not have a convolution of bf16 where the CPU does not multiply it.
        if (refused is not null)
            Assert.IsType<BackendException>(refused);
        Assert.True(refused is null || !NativeRuntime.Query().HasBFloat16, $"{what} is refused: {refused?.Message}");
    }
}
