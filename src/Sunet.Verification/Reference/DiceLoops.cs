using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Weighted, smoothed cross-entropy with a Dice term, from its definition.</summary>
internal static class DiceLoops
{
    public static double[][] Loss(DiceCrossEntropy op, Func<Value, double[]> of)
    {
        Shape shape = op.Logits.Shape;
        int classes = shape.Channels;
        (double[] logits, double[] labels, double[] weights) = (of(op.Logits), of(op.Labels), of(op.ClassWeights));
        var logSums = new double[op.LogSumExp.Shape.Count];
        var sums = new DiceSums(classes);
        double entropy = 0, weight = 0, kept = 1 - (double)op.LabelSmoothing, spread = (double)op.LabelSmoothing / classes;
        int counted = 0, invalid = 0, at = 0;
        foreach (int[] pixel in LossLoops.Pixels(shape))
        {
            logSums[at] = LossLoops.LogSumExp(pixel, logits);
            int label = (int)labels[at];
            if (IsClass(label, op.IgnoreLabel, classes))
            {
                double[] costs = [.. pixel.Select(i => logSums[at] - logits[i])];
                entropy += (kept * weights[label] * costs[label]) + (spread * costs.Zip(weights, (cost, w) => cost * w).Sum());
                weight += weights[label];
                counted++;
                sums.Add(label, costs);
            }
            else if (label != op.IgnoreLabel)
            {
                invalid++;
            }

            at++;
        }

        double loss = (weight > 0 ? entropy / weight : 0) + (op.DiceWeight * sums.Loss());
        return [[loss], logSums, [counted], [invalid], Coefficients(op, weights, weight, sums)];
    }

    public static double[] Gradient(DiceCrossEntropyGradient op, Func<Value, double[]> of)
    {
        Shape shape = op.Output.Shape;
        int classes = shape.Channels;
        (double[] logits, double[] labels, double[] logSums) = (of(op.Logits), of(op.Labels), of(op.LogSumExp));
        double[][] k = [.. of(op.Coefficients).Chunk(classes)];
        var dx = new double[shape.Count];
        int at = 0;
        foreach (int[] pixel in LossLoops.Pixels(shape))
        {
            int label = (int)labels[at];
            if (IsClass(label, op.IgnoreLabel, classes))
            {
                double[] p = [.. pixel.Select(i => Math.Exp(logits[i] - logSums[at]))];
                double[] dice = [.. Enumerable.Range(0, classes).Select(c => k[4][c] + (c == label ? k[3][c] : 0))];
                double mean = p.Zip(dice, (probability, slope) => probability * slope).Sum();
                for (int c = 0; c < classes; c++)
                    dx[pixel[c]] = (p[c] * (k[0][label] + dice[c] - mean)) - (c == label ? k[1][c] : 0) - k[2][c];
            }

            at++;
        }

        return dx;
    }

    private static bool IsClass(int label, int ignored, int classes) => label != ignored && label >= 0 && label < classes;

    private static double[] Coefficients(DiceCrossEntropy op, double[] weights, double weight, DiceSums sums)
    {
        double kept = 1 - (double)op.LabelSmoothing, spread = (double)op.LabelSmoothing / weights.Length;
        double all = weights.Sum(), scale = weight > 0 ? 1 / weight : 0;
        return
        [
            .. weights.Select(w => ((kept * w) + (spread * all)) * scale),
            .. weights.Select(w => kept * w * scale),
            .. weights.Select(w => spread * w * scale),
            .. sums.SlopeOfLabel().Select(slope => slope * op.DiceWeight),
            .. sums.SlopeOfAny().Select(slope => slope * op.DiceWeight),
        ];
    }

    /// <summary>What the Dice loss of every class is made of, over a batch.</summary>
    private sealed class DiceSums(int classes)
    {
        private readonly double[] own = new double[classes], all = new double[classes], labelled = new double[classes];

        public void Add(int label, double[] costs)
        {
            for (int c = 0; c < costs.Length; c++)
                all[c] += Math.Exp(-costs[c]);
            own[label] += Math.Exp(-costs[label]);
            labelled[label]++;
        }

        public double Loss() => Present == 0 ? 0 : 1 - (PresentClasses().Sum(c => 2 * own[c] / (all[c] + labelled[c])) / Present);

        /// <summary>The loss's derivative for a probability of a pixel's own class.</summary>
        public double[] SlopeOfLabel() => ByClass(c => -2 / (all[c] + labelled[c]) / Present);

        /// <summary>Its derivative for any probability of a class.</summary>
        public double[] SlopeOfAny() => ByClass(c => 2 * own[c] / Math.Pow(all[c] + labelled[c], 2) / Present);

        private int Present => PresentClasses().Count();

        private IEnumerable<int> PresentClasses() => Enumerable.Range(0, labelled.Length).Where(c => labelled[c] > 0);

        private double[] ByClass(Func<int, double> slope)
        {
            var slopes = new double[labelled.Length];
            foreach (int c in PresentClasses())
                slopes[c] = slope(c);
            return slopes;
        }
    }
}
