using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Pooling and bilinear resizing.</summary>
internal static class ResamplingLoops
{
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
