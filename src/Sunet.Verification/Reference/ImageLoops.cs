using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Pixels as bytes to planes, labels as bytes to integers, and counts of labels against predictions.</summary>
internal sealed class ImageLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(NormalizeImage), BuildNormalize), (nameof(WidenLabels), BuildWiden), (nameof(ConfusionCounts), BuildCounts),
    ];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        NormalizeImage n => [Normalize(n, of(n.X))],
        WidenLabels w => [of(w.X)],
        ConfusionCounts c => Count(c, of(c.Labels), of(c.Predictions)),
        _ => null,
    };

    private static NormalizeImage BuildNormalize(OpBuilder b)
    {
        float Unit() => (b.Random.Next(256) + 1) / 256f;
        return b.Graph.Add(new NormalizeImage("op", b.Graph.Input("x", new Shape(b.Batch, b.Height, b.Width, 3), DataType.UInt8),
            new ImageNormalization([Unit(), Unit(), Unit()], [Unit(), Unit(), Unit()]), isMirrored: b.Seed % 2 != 0));
    }

    private static WidenLabels BuildWiden(OpBuilder b) =>
        b.Graph.Add(new WidenLabels("op", b.Graph.Input("x", new Shape(b.Batch, b.Height, b.Width), DataType.UInt8)));

    /// <summary>Labels below 3 and predictions below 6: as many classes, fewer, or more than a block of threads counts.</summary>
    private static ConfusionCounts BuildCounts(OpBuilder b)
    {
        var shape = new Shape(b.Batch, b.Height, b.Width);
        int classes = (b.Seed % 4) switch { 0 => 6, 1 => 2, 2 => 40, _ => 5 };
        Value labels = b.Graph.Input("labels", shape, DataType.Int32), predictions = b.Graph.Input("classes", shape, DataType.UInt8);
        int ignoreLabel = b.Seed % 3 == 0 ? 1 : SoftmaxCrossEntropy.DefaultIgnoreLabel;
        return b.Graph.Add(new ConfusionCounts("op", labels, predictions, classes, ignoreLabel));
    }

    public static double[] Normalize(NormalizeImage op, double[] x)
    {
        Shape shape = op.Output.Shape;
        var y = new double[shape.Count];
        int plane = shape.Height * shape.Width;
        for (int i = 0; i < y.Length; i++)
        {
            (int image, int colour, int pixel) = (i / plane / 3, i / plane % 3, i % plane);
            int column = pixel % shape.Width;
            if (op.IsMirrored)
                pixel += shape.Width - 1 - (2 * column);
            double value = x[(((image * plane) + pixel) * 3) + colour] / 255;
            y[i] = (value - op.Normalization.Mean[colour]) / op.Normalization.Deviation[colour];
        }

        return y;
    }

    public static double[][] Count(ConfusionCounts op, double[] labels, double[] predictions)
    {
        var counts = new double[op.Classes * op.Classes];
        int invalid = 0;
        foreach ((double label, double prediction) in labels.Zip(predictions).Where(p => p.First != op.IgnoreLabel))
        {
            if (label >= 0 && label < op.Classes && prediction < op.Classes)
                counts[((int)label * op.Classes) + (int)prediction]++;
            else
                invalid++;
        }

        return [counts, [invalid]];
    }
}
