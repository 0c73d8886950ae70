using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Gradients of weights, of convolutions and transposed ones, whose products are summed in float16.</summary>
internal static class Float16Gradient
{
    /// <summary>Of pixels: how many products are added one after the other in float16.</summary>
    private const int MostTerms = 64;

    public static MatrixTheoryData<ConvolutionCase, bool> InBothDirections(IEnumerable<ConvolutionCase> cases) => new(cases, [false, true]);

    /// <summary>Of bf16 activations and float32 weights.</summary>
    public static NativeConvolution Convolution(
        ConvolutionCase c, bool transposed, bool bias = false, NativeLayout layout = NativeLayout.Blocked16, bool winograd = false)
    {
        NativeConvolution convolution = c.Convolution(layout, transposed, bias);
        convolution.Source.Type = convolution.Destination.Type = NativeType.BFloat16;
        convolution.Float16 = 1;
        convolution.Winograd = winograd ? 1 : 0;
        return convolution;
    }

    /// <summary>Of an image in planes, which is the large side.</summary>
    public static NativeConvolution OfImage(ConvolutionCase c, bool transposed, bool bias = false)
    {
        NativeConvolution convolution = Convolution(c, transposed, bias);
        (transposed ? ref convolution.Destination : ref convolution.Source).Layout = NativeLayout.Plain;
        return convolution;
    }

    public static CpuPrimitiveHandle Create(CpuContextHandle context, in NativeConvolution convolution, bool transposed) => transposed
        ? CpuPrimitiveHandle.DeconvolutionBackwardWeights(context, convolution)
        : CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);

    /// <summary>Prepares and runs a gradient, which is one that multiplies in float16.</summary>
    public static (float[] Weights, float[] Bias) Run(
        CpuContextHandle context, in NativeConvolution convolution, bool transposed, float[] large, float[] small)
    {
        using CpuPrimitiveHandle primitive = Create(context, convolution, transposed);
        Assert.Equal(Float16Cpu.NameOf(convolution), primitive.Implementation);
        return Run(context, primitive, convolution, transposed, large, small);
    }

    public static (float[] Weights, float[] Bias) Run(
        CpuContextHandle context, CpuPrimitiveHandle primitive, in NativeConvolution convolution, bool transposed, float[] large,
        float[] small) => transposed
        ? ConvolutionRun.BackwardWeights(context, primitive, convolution, small, large)
        : ConvolutionRun.BackwardWeights(context, primitive, convolution, large, small);

    /// <summary>The gradient of the bias, which belongs to what the convolution writes.</summary>
    public static double[] BiasReference(ConvolutionCase c, bool transposed, float[] large, float[] small) => transposed
        ? ReferenceConvolution.ChannelSum(large, c.LargeChannels, c.Height * c.Width)
        : ReferenceConvolution.ChannelSum(small, c.SmallChannels, c.SmallHeight * c.SmallWidth);

    /// <summary>The weights whose gradients any of the marked elements of a side are in.</summary>
    public static bool[] Readers(ConvolutionCase c, bool ofLarge, Func<int, bool> marked)
    {
        float[] large = new float[c.Large.Count], small = new float[c.Small.Count];
        Array.Fill(ofLarge ? small : large, 1);
        float[] marks = ofLarge ? large : small;
        for (int i = 0; i < marks.Length; i++)
            marks[i] = marked(i) ? 1 : 0;
        return Array.ConvertAll(ReferenceConvolution.BackwardWeights(c, large, small), v => v > 0);
    }

    /// <summary>Products added one after the other at most: of rows as far as 64 pixels go, or of pixels that follow each other.</summary>
    public static int Terms(ConvolutionCase c)
    {
        bool singlePixels = c.Kernel == 1 && c.Stride == 1 && c.Top + c.Left + c.Bottom + c.Right == 0;
        if (singlePixels || c.SmallWidth >= MostTerms)
            return Math.Min(MostTerms, c.SmallHeight * c.SmallWidth);
        return Math.Min(MostTerms / c.SmallWidth, c.SmallHeight) * c.SmallWidth;
    }

    /// <summary>
    /// Twice the relative L2 error that rounding leads to expect. Data are bf16, whose 8 bits float16 holds, and their products have 16
    /// bits until they are added, so that only sums are rounded: a number of 11 bits is off by up to 2^-11 of the binade's beginning,
    /// evenly spread, and numbers are about 1.5 times that beginning: an error of 2^-11 / (1.5 sqrt 3). Every partial sum of K products is
    /// rounded, the first with one product and the last with K; those grow like a random walk, so that the errors add up to sqrt(1 + 2 +
    /// ... + K) roundings of a product, which is sqrt((K + 1) / 2) roundings of the sum. Adding two such sums in float16, and those in
    /// float32, adds nothing that counts, and leaves as much relative to their sum; the result is not rounded again. Numbers below 2^-18 of
    /// the largest they are scaled with are lost in part, which evenly spread ones hardly ever are. This was settled before any result was
    /// seen.
    /// </summary>
    public static double Bound(int terms) => 2 * Math.ScaleB(1 / (1.5 * Math.Sqrt(3)), -11) * Math.Sqrt((terms + 1) / 2.0);

    /// <summary>
    /// The same for Winograd's algorithm, whose operands, of the source and of the destination's gradient, are rounded twice each; tiles of
    /// four pixels take the place of pixels.
    /// </summary>
    public static double WinogradBound(ConvolutionCase c)
    {
        const int others = 2 + 2;
        double sums = (Math.Min(MostTerms, Tiles(c)) + 1) / 2.0;
        return 2 * Float16Cpu.WinogradGrowth * Math.ScaleB(1 / (1.5 * Math.Sqrt(3)), -11) * Math.Sqrt(sums + others);
    }

    public static void AssertClose(ConvolutionCase c, double[] expected, float[] actual, Func<int, bool>? chosen = null) =>
        Numbers.AssertWithin(Bound(Terms(c)), expected, actual, chosen);

    /// <summary>Of integers, with the bias's.</summary>
    public static void AssertExactOnAnyThreads(ConvolutionCase c, in NativeConvolution convolution, bool transposed)
    {
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        foreach (int threads in new[] { 1, 2, 3, 4, 8 })
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            (float[] weights, float[] bias) = Run(context, convolution, transposed, large, small);
            Numbers.AssertSame(ReferenceConvolution.BackwardWeights(c, large, small), weights);
            Numbers.AssertSame(BiasReference(c, transposed, large, small), bias);
        }
    }

    /// <summary>Of random data far from one and near it.</summary>
    public static void AssertWithinRounding(
        CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed, double bound)
    {
        foreach ((int ofLarge, int ofSmall) in new[] { (0, 0), (100, -100), (-100, 100), (60, 60) })
        {
            float[] large = Scaled(Numbers.Random(c.Large.Count, 1), ofLarge), small = Scaled(Numbers.Random(c.Small.Count, 2), ofSmall);
            (float[] actual, _) = Run(context, convolution, transposed, large, small);
            Numbers.AssertWithin(bound, ReferenceConvolution.BackwardWeights(c, large, small), actual);
        }
    }

    /// <summary>All that reads an element that is none is none, wherever that lies.</summary>
    public static void AssertNeverLost(
        CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed)
    {
        foreach (bool inLarge in new[] { true, false })
        {
            int count = (int)(inLarge ? c.Large : c.Small).Count;
            foreach (int at in new[] { 0, count / 2, count * 3 / 5, count - 1 })
            {
                bool[] readers = Readers(c, inLarge, i => i == at);
                Assert.Contains(true, readers);
                foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
                    (inLarge ? large : small)[at] = value;
                    (float[] weights, float[] bias) = Run(context, convolution, transposed, large, small);
                    for (int i = 0; i < weights.Length; i++)
                        Assert.False(readers[i] && float.IsFinite(weights[i]), $"{value} became {weights[i]}.");
                    Numbers.AssertSame(BiasReference(c, transposed, large, small), bias);
                    Assert.Equal(inLarge == transposed, bias.Any(v => !float.IsFinite(v)));
                }
            }
        }
    }

    /// <summary>The runner fills results and scratch memory with NaN before the first time only.</summary>
    public static void AssertRepeats(ConvolutionCase c, NativeConvolution convolution, bool transposed)
    {
        float[] large = Bf16.Round(Numbers.Random(c.Large.Count, 1)), small = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        NativeTensor plain = Layouts.Plain(convolution.Weights);
        for (int threads = 1; threads <= 4; threads++)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            using CpuPrimitiveHandle primitive = Create(context, convolution, transposed);
            using PrimitiveRunner runner = new(context, primitive);
            runner.SetActivation(NativeArgument.Source, convolution.Source, transposed ? small : large);
            runner.SetActivation(NativeArgument.Destination, convolution.Destination, transposed ? large : small);
            runner.SetParameter(NativeArgument.Weights, plain, null);
            runner.Execute();
            uint[] first = Bits(runner.Parameter(NativeArgument.Weights, plain, (int)c.Weights.Count));
            runner.Execute();
            Assert.Equal(first, Bits(runner.Parameter(NativeArgument.Weights, plain, (int)c.Weights.Count)));
            Assert.Equal(first, Bits(Run(context, convolution, transposed, large, small).Weights));
        }
    }

    /// <summary>Of integers; what lies beside the slices would spoil everything.</summary>
    public static void AssertSlicesAreExact(CpuContextHandle context, ConvolutionCase c, NativeConvolution convolution, bool transposed)
    {
        NativeTensor source = Float16Cpu.Enclosing(convolution.Source), destination = Float16Cpu.Enclosing(convolution.Destination);
        NativeTensor weights = Layouts.Plain(convolution.Weights), bias = NativeTensor.Vector(convolution.Destination.Dim1);
        convolution.Source = source.Slice(16, convolution.Source.Dim1);
        convolution.Destination = destination.Slice(16, convolution.Destination.Dim1);
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        using CpuPrimitiveHandle primitive = Create(context, convolution, transposed);
        Assert.Equal(Float16Cpu.NameOf(convolution), primitive.Implementation);
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Source, source, AmidNaN(source, transposed ? small : large));
        runner.SetActivation(NativeArgument.Destination, destination, AmidNaN(destination, transposed ? large : small));
        runner.SetParameter(NativeArgument.Weights, weights, null);
        runner.SetParameter(NativeArgument.Bias, bias, null);
        runner.Execute();
        Numbers.AssertSame(
            ReferenceConvolution.BackwardWeights(c, large, small), runner.Parameter(NativeArgument.Weights, weights, (int)c.Weights.Count));
        Numbers.AssertSame(
            BiasReference(c, transposed, large, small), runner.Parameter(NativeArgument.Bias, bias, bias.Dim0));
    }

    /// <summary>Whether there are enough tiles for Winograd's algorithm.</summary>
    public static bool TakesWinograd(ConvolutionCase c) => c.IsDense3x3 && Tiles(c) >= 32;

    private static int Tiles(ConvolutionCase c) => (c.SmallHeight + 1) / 2 * ((c.SmallWidth + 1) / 2);

    private static float[] AmidNaN(in NativeTensor enclosing, float[] values)
    {
        float[] around = new float[enclosing.Dim0 * enclosing.Dim1 * enclosing.Dim2 * enclosing.Dim3];
        Array.Fill(around, float.NaN);
        return Float16Cpu.With(enclosing, around, values);
    }

    private static float[] Scaled(float[] values, int exponent) =>
        Array.ConvertAll(values, v => Bf16.Round(MathF.ScaleB(v, exponent)));

    private static uint[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToUInt32Bits);
}
