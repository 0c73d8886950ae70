using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Softmax, cross-entropy and arg-max over channels, pixel by pixel.</summary>
internal sealed class LossLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(Softmax), b => Build(b, x => new Softmax("op", x))),
        (nameof(SoftmaxGradient), b => Build(
            b, x => new SoftmaxGradient("op", b.Graph.Add(new Softmax("y", x)).Output, b.Image("dy", x.Shape)))),
        (nameof(SoftmaxCrossEntropy), b => Build(b, x =>
        {
            b.Reduction = x.Shape.Count / x.Shape.Channels;
            return Loss(b, x);
        })),
        (nameof(SoftmaxCrossEntropyGradient), b => Build(b, x => new SoftmaxCrossEntropyGradient(b.Graph.Add(Loss(b, x))))),
        (nameof(DiceCrossEntropy), b => Build(b, x =>
        {
            b.Reduction = x.Shape.Count / x.Shape.Channels;
            return DiceLoss(b.Graph, x);
        })),
        (nameof(DiceCrossEntropyGradient), b => Build(b, x => new DiceCrossEntropyGradient(b.Graph.Add(DiceLoss(b.Graph, x))))),
        (nameof(ArgMax), b => Build(b, x => new ArgMax("op", x))),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } =
    [
        (nameof(Softmax), b => b.Graph.Add(new Softmax("softmax", b.Scaled("x", new Shape(2, LayerBuilder.Classes, 5, 7)))).Output),
        (nameof(SoftmaxCrossEntropy), b => b.Scaled("x", new Shape(2, LayerBuilder.Classes, 5, 7))),
        (nameof(DiceCrossEntropy), b => b.Graph.Add(DiceLoss(b.Graph, b.Scaled("x", new Shape(2, LayerBuilder.Classes, 5, 7)))).Loss),
    ];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        Softmax s => [Softmax(s.X.Shape, of(s.X))],
        SoftmaxGradient s => [SoftmaxGradient(s.Y.Shape, of(s.Y), of(s.Dy))],
        SoftmaxCrossEntropy s => CrossEntropy(s, of),
        SoftmaxCrossEntropyGradient s => [CrossEntropyGradient(s, of)],
        DiceCrossEntropy s => DiceLoops.Loss(s, of),
        DiceCrossEntropyGradient s => [DiceLoops.Gradient(s, of)],
        ArgMax a => [ArgMax(a.X.Shape, of(a.X))],
        _ => null,
    };

    private static Op Build(OpBuilder b, Func<Value, Op> create)
    {
        var shape = new Shape(b.Batch, b.Random.Next(4, 25), b.Height, b.Width);
        b.Reduction = shape.Channels;
        return b.Graph.Add(create(b.Image("x", shape)));
    }

    private static SoftmaxCrossEntropy Loss(OpBuilder b, Value logits)
    {
        Value labels = b.Graph.Input("labels", new Shape(b.Batch, b.Height, b.Width), DataType.Int32);
        return new SoftmaxCrossEntropy("loss", logits, labels, SoftmaxCrossEntropy.DefaultIgnoreLabel);
    }

    /// <summary>A loss with everything: class weights, smoothing, and the Dice term.</summary>
    private static DiceCrossEntropy DiceLoss(Graph graph, Value logits)
    {
        Shape s = logits.Shape;
        Value labels = graph.Input("labels", new Shape(s.Batch, s.Height, s.Width), DataType.Int32);
        Value weights = graph.Input("class_weights", new Shape(s.Channels));
        return new DiceCrossEntropy("loss", logits, labels, weights, SoftmaxCrossEntropy.DefaultIgnoreLabel, 0.1f, 0.7f);
    }

    public static double[] Softmax(Shape shape, double[] x)
    {
        var y = new double[x.Length];
        foreach (int[] pixel in Pixels(shape))
        {
            double logSum = LogSumExp(pixel, x);
            foreach (int i in pixel)
                y[i] = Math.Exp(x[i] - logSum);
        }

        return y;
    }

    public static double[] SoftmaxGradient(Shape shape, double[] y, double[] dy)
    {
        var dx = new double[y.Length];
        foreach (int[] pixel in Pixels(shape))
        {
            double mean = pixel.Sum(i => dy[i] * y[i]);
            foreach (int i in pixel)
                dx[i] = y[i] * (dy[i] - mean);
        }

        return dx;
    }

    public static double[][] CrossEntropy(SoftmaxCrossEntropy op, Func<Value, double[]> of)
    {
        Shape shape = op.Logits.Shape;
        (double[] logits, double[] labels) = (of(op.Logits), of(op.Labels));
        var logSums = new double[op.LogSumExp.Shape.Count];
        double sum = 0, lost = 0;
        int counted = 0, invalid = 0, at = 0;
        foreach (int[] pixel in Pixels(shape))
        {
            logSums[at] = LogSumExp(pixel, logits);
            int label = (int)labels[at];
            if (label != op.IgnoreLabel && label >= 0 && label < shape.Channels)
            {
                // Kahan's sum: central differences divide what is lost here by their small step.
                double term = logSums[at] - logits[pixel[label]] - lost;
                double next = sum + term;
                lost = next - sum - term;
                sum = next;
                counted++;
            }
            else if (label != op.IgnoreLabel)
            {
                invalid++;
            }

            at++;
        }

        return [[counted == 0 ? 0 : sum / counted], logSums, [counted], [invalid]];
    }

    public static double[] CrossEntropyGradient(SoftmaxCrossEntropyGradient op, Func<Value, double[]> of)
    {
        Shape shape = op.Output.Shape;
        (double[] logits, double[] labels, double[] logSums) = (of(op.Logits), of(op.Labels), of(op.LogSumExp));
        double counted = of(op.Counted).Single();
        var dx = new double[shape.Count];
        int at = 0;
        foreach (int[] pixel in Pixels(shape))
        {
            int label = (int)labels[at];
            if (label != op.IgnoreLabel && label >= 0 && label < shape.Channels)
            {
                for (int c = 0; c < pixel.Length; c++)
                    dx[pixel[c]] = (Math.Exp(logits[pixel[c]] - logSums[at]) - (c == label ? 1 : 0)) / counted;
            }

            at++;
        }

        return dx;
    }

    public static double[] ArgMax(Shape shape, double[] x) =>
        [.. Pixels(shape).Select(pixel => (double)Array.IndexOf(pixel, pixel.MaxBy(i => x[i])))];

    public static double LogSumExp(int[] pixel, double[] x)
    {
        double max = pixel.Max(i => x[i]);
        return max + Math.Log(pixel.Sum(i => Math.Exp(x[i] - max)));
    }

    /// <summary>The indices of every pixel's channels. One array is reused.</summary>
    public static IEnumerable<int[]> Pixels(Shape shape)
    {
        var indices = new int[shape.Channels];
        int plane = shape.Height * shape.Width;
        for (int n = 0; n < shape.Batch; n++)
        {
            for (int p = 0; p < plane; p++)
            {
                for (int c = 0; c < indices.Length; c++)
                    indices[c] = (((n * shape.Channels) + c) * plane) + p;
                yield return indices;
            }
        }
    }
}
