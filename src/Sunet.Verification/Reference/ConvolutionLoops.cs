using System.Numerics;
using System.Runtime.InteropServices;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>The sizes of y [N, O, OH, OW] = convolution of x [N, I, H, W] with weights [O, I, KH, KW].</summary>
internal readonly record struct ConvolutionSizes(
    int N, int I, int H, int W, int O, int KH, int KW, int OH, int OW, ConvolutionGeometry Geometry)
{
    public long Work => (long)N * O * I * KH * KW * OH * OW;

    public static ConvolutionSizes Of(Shape x, Shape weights, Shape y, ConvolutionGeometry geometry) =>
        new(x.Batch, x.Channels, x.Height, x.Width, weights[0], weights[2], weights[3], y.Height, y.Width, geometry);

    /// <summary>The rows and columns of y for which a tap reads within x, row by row: what all three loops visit.</summary>
    public IEnumerable<Tap> Taps()
    {
        for (int ky = 0; ky < KH; ky++)
        {
            (int top, int bottom) = Valid(OH, H, Geometry.Stride.H, (ky * Geometry.Dilation.H) - Geometry.PaddingBegin.H);
            for (int kx = 0; kx < KW; kx++)
            {
                int down = (ky * Geometry.Dilation.H) - Geometry.PaddingBegin.H;
                int shift = (kx * Geometry.Dilation.W) - Geometry.PaddingBegin.W;
                (int left, int right) = Valid(OW, W, Geometry.Stride.W, shift);
                if (bottom > top && right > left)
                    yield return new Tap((ky * KW) + kx, top, bottom, left, right - left, down, shift);
            }
        }
    }

    /// <summary>The outputs o in [0, outputs) with 0 &lt;= o * stride + shift &lt; size.</summary>
    private static (int First, int End) Valid(int outputs, int size, int stride, int shift)
    {
        int first = Math.Max(0, (-shift + stride - 1) / stride);
        int reach = size - 1 - shift;
        return (first, reach < 0 ? 0 : Math.Min(outputs, (reach / stride) + 1));
    }

    /// <summary>One tap of the kernel and the part of y that it serves.</summary>
    internal readonly record struct Tap(int Index, int Top, int Bottom, int Left, int Count, int ShiftY, int ShiftX)
    {
        public int RowOfX(in ConvolutionSizes s, int oy) =>
            (((oy * s.Geometry.Stride.H) + ShiftY) * s.W) + (Left * s.Geometry.Stride.W) + ShiftX;
    }
}

/// <summary>Convolution and its two gradients as sums over taps; the innermost loops run along rows.</summary>
internal sealed class ConvolutionLoops : ReferenceFamily
{
    private const long WorthThreads = 200_000;

    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        .. new[]
        {
            nameof(Convolution), nameof(ConvolutionDataGradient), nameof(ConvolutionWeightGradient), nameof(TransposedConvolution),
            nameof(TransposedConvolutionDataGradient), nameof(TransposedConvolutionWeightGradient),
        }.Select(kind => (kind, (Func<OpBuilder, Op>)(builder => Build(kind, builder)))),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } =
    [
        (nameof(Convolution), ConvolutionLayer), (nameof(TransposedConvolution), TransposedLayer),
    ];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) =>
        ConvolutionRoles.Of(op) is { } roles ? [Run(op, roles, of)] : null;

    private static Op Build(string kind, OpBuilder b)
    {
        int kernel = b.Seed % 4 == 0 ? 1 : b.Seed % 4 == 3 ? 7 : 3, dilation = kernel == 7 ? 1 : 1 << b.Random.Next(4);
        ConvolutionGeometry geometry = ConvolutionGeometry.Square(b.Random.Next(1, 3), dilation, dilation * (kernel / 2));
        (int i, int o) = (b.Channels(), b.Channels());
        (int oh, int ow) = geometry.OutputSize(b.Height, b.Width, kernel, kernel);
        (Shape x, Shape y) = (new Shape(b.Batch, i, b.Height, b.Width), new Shape(b.Batch, o, oh, ow));
        var weights = new Shape(o, i, kernel, kernel);
        ConvolutionGeometry exact = geometry.Exact(b.Height, b.Width, kernel, kernel);
        bool fused = b.Seed % 2 == 0;
        Value? Bias(int channels) => fused ? b.Graph.Parameter("bias", new Shape(channels)) : null;
        Value Weights() => b.Graph.Parameter("w", weights);
        b.Reduction = kind switch
        {
            nameof(Convolution) or nameof(TransposedConvolutionDataGradient) => weights.Count / o,
            nameof(ConvolutionDataGradient) or nameof(TransposedConvolution) => weights.Count / i,
            _ => y.Count / o,
        };
        return kind switch
        {
            nameof(Convolution) => b.Graph.Add(new Convolution("op", b.Image("x", x), Weights(), Bias(o), geometry, fused,
                b.Seed % 3 == 0 ? b.Owned("sum", y) : null)),
            nameof(ConvolutionDataGradient) => b.Graph.Add(new ConvolutionDataGradient("op", b.Image("dy", y), Weights(), x, exact)),
            nameof(ConvolutionWeightGradient) => Learned(
                b, new ConvolutionWeightGradient("op", b.Image("x", x), b.Image("dy", y), weights, exact), learned: !fused),
            nameof(TransposedConvolution) => b.Graph.Add(new TransposedConvolution(
                "op", b.Image("x", y), Weights(), Bias(i), geometry, (b.Height, b.Width), fused)),
            nameof(TransposedConvolutionDataGradient) => b.Graph.Add(new TransposedConvolutionDataGradient(
                "op", b.Image("dy", x), Weights(), y, exact)),
            _ => Learned(
                b, new TransposedConvolutionWeightGradient("op", b.Image("x", y), b.Image("dy", x), weights, exact), learned: !fused),
        };
    }

    /// <summary>Adds an op whose result may be a parameter's gradient, which a backend may keep in a type of its own.</summary>
    private static Op Learned(OpBuilder b, Op op, bool learned)
    {
        b.Graph.Add(op);
        if (learned)
            op.Output.GradientOf = b.Graph.Parameter("w", op.Output.Shape);
        return op;
    }

    private static Value ConvolutionLayer(LayerBuilder b)
    {
        Value x = b.Activation("x", b.Random.Next(1, 20));
        (int kernel, ConvolutionGeometry geometry) = LayerGeometry(b);
        Value weights = b.Graph.Parameter("conv.weight", new Shape(LayerBuilder.Classes, x.Shape.Channels, kernel, kernel));
        Value bias = b.Graph.Parameter("conv.bias", new Shape(LayerBuilder.Classes));
        return b.Graph.Add(new Convolution("conv", x, weights, bias, geometry)).Output;
    }

    private static Value TransposedLayer(LayerBuilder b)
    {
        (int kernel, ConvolutionGeometry geometry) = LayerGeometry(b);
        (int H, int W) size = (b.Random.Next(5, 20), b.Random.Next(5, 20));
        (int h, int w) = geometry.OutputSize(size.H, size.W, kernel, kernel);
        Value x = b.Activation("x", b.Random.Next(1, 20), h, w);
        Value weights = b.Graph.Parameter("deconv.weight", new Shape(x.Shape.Channels, LayerBuilder.Classes, kernel, kernel));
        Value bias = b.Graph.Parameter("deconv.bias", new Shape(LayerBuilder.Classes));
        return b.Graph.Add(new TransposedConvolution("deconv", x, weights, bias, geometry, size)).Output;
    }

    private static (int Kernel, ConvolutionGeometry Geometry) LayerGeometry(LayerBuilder b)
    {
        int kernel = b.Random.Next(2) == 0 ? 1 : 3, dilation = 1 << b.Random.Next(4);
        return (kernel, ConvolutionGeometry.Square(b.Random.Next(1, 3), dilation, dilation * (kernel / 2)));
    }

    /// <summary>The result of any of the six ops.</summary>
    private static double[] Run(Op op, ConvolutionRoles roles, Func<Value, double[]> of)
    {
        ConvolutionSizes sizes = ConvolutionSizes.Of(roles.Source.Shape, roles.Weights.Shape, roles.Destination.Shape, roles.Geometry);
        double[] y = roles.Direction switch
        {
            ConvolutionDirection.Forward => Forward(sizes, of(roles.Source), of(roles.Weights)),
            ConvolutionDirection.Data => Data(sizes, of(roles.Destination), of(roles.Weights)),
            _ => Weights(sizes, of(roles.Source), of(roles.Destination)),
        };
        if (roles.Bias is { } bias)
            AddBias(op.Output.Shape, y, of(bias));
        if (roles.Accumulator is { } accumulator)
            y = [.. y.Zip(of(accumulator), (a, b) => a + b)];
        return roles.FusedRelu ? Array.ConvertAll(y, v => Math.Max(0, v)) : y;
    }

    private static double[] Forward(ConvolutionSizes s, double[] x, double[] weights)
    {
        var y = new double[s.N * s.O * s.OH * s.OW];
        ConvolutionSizes.Tap[] taps = [.. s.Taps()];
        ForEach(s, s.N * s.O, plane =>
        {
            (int n, int o) = Math.DivRem(plane, s.O);
            Span<double> target = y.AsSpan(plane * s.OH * s.OW, s.OH * s.OW);
            for (int i = 0; i < s.I; i++)
            {
                ReadOnlySpan<double> source = x.AsSpan(((n * s.I) + i) * s.H * s.W, s.H * s.W);
                foreach (ConvolutionSizes.Tap tap in taps)
                {
                    double w = weights[(((o * s.I) + i) * s.KH * s.KW) + tap.Index];
                    for (int oy = tap.Top; oy < tap.Bottom; oy++)
                        AddScaled(w, source[tap.RowOfX(s, oy)..], s.Geometry.Stride.W, target.Slice((oy * s.OW) + tap.Left, tap.Count));
                }
            }
        });
        return y;
    }

    private static double[] Data(ConvolutionSizes s, double[] dy, double[] weights)
    {
        var dx = new double[s.N * s.I * s.H * s.W];
        ConvolutionSizes.Tap[] taps = [.. s.Taps()];
        ForEach(s, s.N * s.I, plane =>
        {
            (int n, int i) = Math.DivRem(plane, s.I);
            Span<double> target = dx.AsSpan(plane * s.H * s.W, s.H * s.W);
            for (int o = 0; o < s.O; o++)
            {
                ReadOnlySpan<double> source = dy.AsSpan(((n * s.O) + o) * s.OH * s.OW, s.OH * s.OW);
                foreach (ConvolutionSizes.Tap tap in taps)
                {
                    double w = weights[(((o * s.I) + i) * s.KH * s.KW) + tap.Index];
                    for (int oy = tap.Top; oy < tap.Bottom; oy++)
                        ScatterScaled(w, source.Slice((oy * s.OW) + tap.Left, tap.Count), target[tap.RowOfX(s, oy)..], s.Geometry.Stride.W);
                }
            }
        });
        return dx;
    }

    private static double[] Weights(ConvolutionSizes s, double[] x, double[] dy)
    {
        var dw = new double[s.O * s.I * s.KH * s.KW];
        ConvolutionSizes.Tap[] taps = [.. s.Taps()];
        ForEach(s, s.O * s.I, pair =>
        {
            (int o, int i) = Math.DivRem(pair, s.I);
            for (int n = 0; n < s.N; n++)
            {
                ReadOnlySpan<double> input = x.AsSpan(((n * s.I) + i) * s.H * s.W, s.H * s.W);
                ReadOnlySpan<double> output = dy.AsSpan(((n * s.O) + o) * s.OH * s.OW, s.OH * s.OW);
                foreach (ConvolutionSizes.Tap tap in taps)
                {
                    double sum = 0;
                    for (int oy = tap.Top; oy < tap.Bottom; oy++)
                        sum += Dot(input[tap.RowOfX(s, oy)..], s.Geometry.Stride.W, output.Slice((oy * s.OW) + tap.Left, tap.Count));
                    dw[(pair * s.KH * s.KW) + tap.Index] += sum;
                }
            }
        });
        return dw;
    }

    private static void AddBias(Shape shape, double[] y, double[] bias)
    {
        int plane = shape.Height * shape.Width;
        for (int i = 0; i < y.Length; i++)
            y[i] += bias[i / plane % shape.Channels];
    }

    private static void ForEach(in ConvolutionSizes s, int count, Action<int> body)
    {
        if (s.Work >= WorthThreads)
        {
            Parallel.For(0, count, body);
            return;
        }

        for (int i = 0; i < count; i++)
            body(i);
    }

    private static void AddScaled(double scale, ReadOnlySpan<double> x, int stride, Span<double> y)
    {
        int j = 0;
        if (stride == 1)
        {
            x = x[..y.Length];
            Span<Vector<double>> targets = MemoryMarshal.Cast<double, Vector<double>>(y);
            ReadOnlySpan<Vector<double>> sources = MemoryMarshal.Cast<double, Vector<double>>(x);
            for (int v = 0; v < targets.Length; v++)
                targets[v] += scale * sources[v];
            j = targets.Length * Vector<double>.Count;
        }

        for (; j < y.Length; j++)
            y[j] += scale * x[j * stride];
    }

    private static void ScatterScaled(double scale, ReadOnlySpan<double> x, Span<double> y, int stride)
    {
        if (stride == 1)
        {
            AddScaled(scale, x, 1, y[..x.Length]);
            return;
        }

        for (int j = 0; j < x.Length; j++)
            y[j * stride] += scale * x[j];
    }

    private static double Dot(ReadOnlySpan<double> x, int stride, ReadOnlySpan<double> y)
    {
        double sum = 0;
        int j = 0;
        if (stride == 1)
        {
            ReadOnlySpan<Vector<double>> left = MemoryMarshal.Cast<double, Vector<double>>(x[..y.Length]);
            ReadOnlySpan<Vector<double>> right = MemoryMarshal.Cast<double, Vector<double>>(y);
            Vector<double> sums = Vector<double>.Zero;
            for (int v = 0; v < right.Length; v++)
                sums += left[v] * right[v];
            sum = Vector.Sum(sums);
            j = right.Length * Vector<double>.Count;
        }

        for (; j < y.Length; j++)
            sum += x[j * stride] * y[j];
        return sum;
    }
}
