using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Pooling and bilinear resizing.</summary>
internal sealed class ResamplingLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(AveragePool), b => Build(b, (s, _) => new AveragePool("op", b.Image("x", s), b.Random.Next(1, 4)))),
        (nameof(AveragePoolGradient), b => Build(
            b, (s, _) => new AveragePoolGradient("op", b.Image("dy", s.WithSize(s.Height / 2, s.Width / 2)), s, 2))),
        (nameof(GlobalAveragePool), b => Build(b, (s, _) =>
        {
            b.Reduction = s.Count / s.Channels;
            return new GlobalAveragePool("op", b.Image("x", s));
        })),
        (nameof(GlobalAveragePoolGradient), b => Build(
            b, (s, _) => new GlobalAveragePoolGradient("op", b.Graph.Input("dy", s.WithSize(1, 1)), s))),
        (nameof(BilinearResize), b => Build(b, (s, size) => new BilinearResize("op", b.Image("x", s), size))),
        (nameof(BilinearResizeGradient), b => Build(
            b, (s, size) => new BilinearResizeGradient("op", b.Image("dy", s.WithSize(size.H, size.W)), s))),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } =
    [
        (nameof(AveragePool), b => b.Graph.Add(new AveragePool("pool", b.Scaled("x", new Shape(2, LayerBuilder.Classes, 7, 9)), 2)).Output),
        (nameof(GlobalAveragePool), b => b.Graph.Add(
            new GlobalAveragePool("pool", b.Scaled("x", new Shape(3, LayerBuilder.Classes, 5, 7)))).Output),
        (nameof(BilinearResize), b => b.Graph.Add(new BilinearResize(
            "resize", b.Scaled("x", new Shape(2, LayerBuilder.Classes, 4, 5)), (b.Random.Next(3, 17), b.Random.Next(3, 17)))).Output),
    ];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        AveragePool p => [AveragePool(p, of(p.X))],
        AveragePoolGradient p => [AveragePoolGradient(p, of(p.Dy))],
        GlobalAveragePool p => [GlobalAveragePool(p.X.Shape, of(p.X))],
        GlobalAveragePoolGradient p => [GlobalAveragePoolGradient(p.Output.Shape, of(p.Dy))],
        BilinearResize r => [Resize(r.X.Shape, r.Output.Shape, of(r.X))],
        BilinearResizeGradient r => [ResizeGradient(r.Output.Shape, r.Dy.Shape, of(r.Dy))],
        _ => null,
    };

    private static Op Build(OpBuilder b, Func<Shape, (int H, int W), Op> create)
    {
        (Shape shape, (int H, int W) size) = b.Activation();
        b.Reduction = 4;
        return b.Graph.Add(create(shape, size));
    }

    public static double[] AveragePool(AveragePool op, double[] x)
    {
        var y = new double[op.Output.Shape.Count];
        VisitWindows(op.X.Shape, op.Output.Shape, op.Window, (from, to) => y[to] += x[from] / (op.Window * op.Window));
        return y;
    }

    public static double[] AveragePoolGradient(AveragePoolGradient op, double[] dy)
    {
        var dx = new double[op.Output.Shape.Count];
        VisitWindows(op.Output.Shape, op.Dy.Shape, op.Window, (from, to) => dx[from] = dy[to] / (op.Window * op.Window));
        return dx;
    }

    public static double[] GlobalAveragePool(Shape shape, double[] x)
    {
        int plane = shape.Height * shape.Width;
        return [.. x.Chunk(plane).Select(c => c.Sum() / plane)];
    }

    public static double[] GlobalAveragePoolGradient(Shape shape, double[] dy)
    {
        int plane = shape.Height * shape.Width;
        return [.. dy.SelectMany(v => Enumerable.Repeat(v / plane, plane))];
    }

    public static double[] Resize(Shape from, Shape to, double[] x)
    {
        var y = new double[to.Count];
        VisitCorners(from, to, (source, target, weight) => y[target] += weight * x[source]);
        return y;
    }

    public static double[] ResizeGradient(Shape from, Shape to, double[] dy)
    {
        var dx = new double[from.Count];
        VisitCorners(from, to, (source, target, weight) => dx[source] += weight * dy[target]);
        return dx;
    }

    private static void VisitWindows(Shape from, Shape to, int window, Action<int, int> visit)
    {
        for (int plane = 0; plane < to.Batch * to.Channels; plane++)
        {
            for (int y = 0; y < to.Height * window; y++)
            {
                for (int x = 0; x < to.Width * window; x++)
                    visit((((plane * from.Height) + y) * from.Width) + x, (((plane * to.Height) + (y / window)) * to.Width) + (x / window));
            }
        }
    }

    private static void VisitCorners(Shape from, Shape to, Action<int, int, double> visit)
    {
        (int Index, double Weight)[][] rows = Corners(from.Height, to.Height), columns = Corners(from.Width, to.Width);
        for (int plane = 0; plane < to.Batch * to.Channels; plane++)
        {
            for (int y = 0; y < to.Height; y++)
            {
                for (int x = 0; x < to.Width; x++)
                {
                    foreach ((int row, double vertical) in rows[y])
                    {
                        foreach ((int column, double horizontal) in columns[x])
                        {
                            visit((((plane * from.Height) + row) * from.Width) + column, (((plane * to.Height) + y) * to.Width) + x,
                                vertical * horizontal);
                        }
                    }
                }
            }
        }
    }

    /// <summary>The two source positions of every target position and their weights, with align_corners = false.</summary>
    private static (int Index, double Weight)[][] Corners(int from, int to)
    {
        var corners = new (int, double)[to][];
        for (int i = 0; i < to; i++)
        {
            double position = Math.Max(0, ((i + 0.5) * from / to) - 0.5);
            int first = Math.Min((int)position, from - 1);
            double weight = position - first;
            corners[i] = [(first, 1 - weight), (Math.Min(first + 1, from - 1), weight)];
        }

        return corners;
    }
}
