using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Kernels;

/// <summary>What a weighted cross-entropy with a Dice term and its gradient should be, in double precision.</summary>
internal sealed class DiceReference
{
    private readonly DiceCrossEntropy op;
    private readonly Dictionary<Value, double[]> values;

    public DiceReference(Shape shape, double[] logits, int[] labels, float[] weights, int ignore, float smoothing, float dice)
    {
        var graph = new Graph();
        op = new DiceCrossEntropy("loss", graph.Input("x", shape),
            graph.Input("labels", new Shape(shape.Batch, shape.Height, shape.Width), DataType.Int32),
            graph.Input("class_weights", new Shape(shape.Channels)), ignore, smoothing, dice);
        values = new()
        {
            [op.Logits] = logits,
            [op.Labels] = Array.ConvertAll(labels, l => (double)l),
            [op.ClassWeights] = Array.ConvertAll(weights, w => (double)w),
        };
        foreach ((Value output, double[] elements) in op.Outputs.Zip(DiceLoops.Loss(op, value => values[value])))
            values.Add(output, elements);
    }

    public double Loss => values[op.Loss][0];

    public (int Counted, int Invalid) Counts => ((int)values[op.Counted][0], (int)values[op.Invalid][0]);

    public double[] Coefficients => values[op.Coefficients];

    public double[] Gradient() => DiceLoops.Gradient(new DiceCrossEntropyGradient(op), value => values[value]);

    /// <summary>Labels with some that are ignored, some out of range, and the last of the classes missing.</summary>
    public static int[] Labels(int count, int classes, int ignore) =>
    [
        .. Enumerable.Range(0, count).Select(
            i => i % 7 == 3 ? ignore : i % 23 == 1 ? -3 : i % 29 == 2 ? 7777 : i * 5 % Math.Max(1, classes - 1)),
    ];

    /// <summary>A weight for each class, one of them 0.</summary>
    public static float[] Weights(int classes) => [.. Enumerable.Range(0, classes).Select(c => c == 1 ? 0 : 0.25f * (1 + (c % 9)))];
}
