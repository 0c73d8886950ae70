using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Pixels as bytes to planes, and counts of labels against predictions.</summary>
internal static class ImageLoops
{
    public static double[] Normalize(NormalizeImage op, double[] x)
    {
        Shape shape = op.Output.Shape;
        var y = new double[shape.Count];
        int plane = shape.Height * shape.Width;
        for (int i = 0; i < y.Length; i++)
        {
            (int image, int colour, int pixel) = (i / plane / 3, i / plane % 3, i % plane);
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
