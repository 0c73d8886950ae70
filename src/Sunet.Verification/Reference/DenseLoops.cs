using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Fully connected layers, and sums over a channel.</summary>
internal sealed class DenseLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(BiasGradient), BuildBiasGradient),
        (nameof(Linear), b => Build(b, (x, _, weights, bias) => new Linear("op", x(), weights(), bias()))),
        (nameof(LinearDataGradient), b => Build(b, (_, dy, weights, _) => new LinearDataGradient("op", dy(), weights()))),
        (nameof(LinearWeightGradient), b => Build(b, (x, dy, _, _) => new LinearWeightGradient("op", x(), dy()))),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } = [(nameof(Linear), LinearLayer)];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        BiasGradient b => [SumPerChannel(b.Dy.Shape, of(b.Dy))],
        Linear l => [LinearForward(l, of)],
        LinearDataGradient l => [LinearData(l, of)],
        LinearWeightGradient l => [LinearWeights(l, of)],
        _ => null,
    };

    private static BiasGradient BuildBiasGradient(OpBuilder b)
    {
        (Shape shape, _) = b.Activation();
        b.Reduction = shape.Count / shape.Channels;
        return b.Graph.Add(new BiasGradient("op", b.Image("dy", shape)));
    }

    private static Op Build(OpBuilder b, Func<Func<Value>, Func<Value>, Func<Value>, Func<Value>, Op> create)
    {
        (int i, int o) = (b.Random.Next(1, 70), b.Random.Next(1, 70));
        b.Reduction = Math.Max(i, o);
        return b.Graph.Add(create(
            () => b.Graph.Input("x", new Shape(b.Batch, i, 1, 1)), () => b.Graph.Input("dy", new Shape(b.Batch, o, 1, 1)),
            () => b.Graph.Parameter("w", new Shape(o, i)), () => b.Graph.Parameter("bias", new Shape(o))));
    }

    private static Value LinearLayer(LayerBuilder b)
    {
        Value x = b.Activation("x", b.Random.Next(1, 40), 1, 1);
        Value weights = b.Graph.Parameter("linear.weight", new Shape(LayerBuilder.Classes, x.Shape.Channels));
        return b.Graph.Add(new Linear("linear", x, weights, b.Graph.Parameter("linear.bias", new Shape(LayerBuilder.Classes)))).Output;
    }

    private static double[] LinearForward(Linear op, Func<Value, double[]> of)
    {
        (int batch, int outputs, int features) = (op.Output.Shape.Batch, op.Output.Shape.Channels, op.X.Shape.Channels);
        (double[] x, double[] weights, double[] bias) = (of(op.X), of(op.Weights), of(op.Bias));
        var y = new double[batch * outputs];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias[o];
                for (int i = 0; i < features; i++)
                    sum += x[(n * features) + i] * weights[(o * features) + i];
                y[(n * outputs) + o] = sum;
            }
        }

        return y;
    }

    private static double[] LinearData(LinearDataGradient op, Func<Value, double[]> of)
    {
        (int batch, int features, int outputs) = (op.Output.Shape.Batch, op.Output.Shape.Channels, op.Dy.Shape.Channels);
        (double[] dy, double[] weights) = (of(op.Dy), of(op.Weights));
        var dx = new double[batch * features];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int i = 0; i < features; i++)
                    dx[(n * features) + i] += dy[(n * outputs) + o] * weights[(o * features) + i];
            }
        }

        return dx;
    }

    private static double[] LinearWeights(LinearWeightGradient op, Func<Value, double[]> of)
    {
        (int outputs, int features, int batch) = (op.Output.Shape[0], op.Output.Shape[1], op.X.Shape.Batch);
        (double[] x, double[] dy) = (of(op.X), of(op.Dy));
        var dw = new double[outputs * features];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int i = 0; i < features; i++)
                    dw[(o * features) + i] += x[(n * features) + i] * dy[(n * outputs) + o];
            }
        }

        return dw;
    }

    private static double[] SumPerChannel(Shape shape, double[] x)
    {
        var sums = new double[shape.Channels];
        int plane = shape.Height * shape.Width;
        for (int i = 0; i < x.Length; i++)
            sums[i / plane % shape.Channels] += x[i];
        return sums;
    }
}
