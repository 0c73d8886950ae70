using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Batch normalisation, channel by channel.</summary>
internal static class BatchNormLoops
{
    public static double[][] Statistics(Shape shape, double[] x)
    {
        var mean = new double[shape.Channels];
        var variance = new double[shape.Channels];
        double count = shape.Count / (double)shape.Channels;
        for (int c = 0; c < shape.Channels; c++)
        {
            foreach (int i in Elements(shape, c))
                mean[c] += x[i] / count;
            foreach (int i in Elements(shape, c))
                variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / count;
        }

        return [mean, variance];
    }

    public static double[] Apply(BatchNormApply op, Func<Value, double[]> of)
    {
        (double[] x, double[] mean, double[] variance) = (of(op.X), of(op.Mean), of(op.Variance));
        (double[] gamma, double[] beta) = (of(op.Gamma), of(op.Beta));
        var y = new double[x.Length];
        for (int c = 0; c < op.X.Shape.Channels; c++)
        {
            double scale = gamma[c] / Math.Sqrt(variance[c] + op.Epsilon);
            foreach (int i in Elements(op.X.Shape, c))
            {
                y[i] = ((x[i] - mean[c]) * scale) + beta[c];
                if (op.FusedRelu)
                    y[i] = Math.Max(0, y[i]);
            }
        }

        return y;
    }

    public static double[][] Gradient(BatchNormGradient op, Func<Value, double[]> of)
    {
        (double[] x, double[] mean, double[] variance) = (of(op.X), of(op.Mean), of(op.Variance));
        (double[] gamma, double[] beta) = (of(op.Gamma), of(op.Beta));
        Shape shape = op.Output.Shape;
        double[] dy = [.. of(op.Dy)];
        double[]? addend = op.Addend is { } added ? of(added) : null;
        var dx = new double[x.Length];
        var dgamma = new double[shape.Channels];
        var dbeta = new double[shape.Channels];
        double count = shape.Count / (double)shape.Channels;
        for (int c = 0; c < shape.Channels; c++)
        {
            double inverse = 1 / Math.Sqrt(variance[c] + op.Epsilon);
            foreach (int i in Elements(shape, c))
            {
                double normalised = (x[i] - mean[c]) * inverse;
                if (op.FusedRelu && (normalised * gamma[c]) + beta[c] <= 0)
                    dy[i] = 0;
                dgamma[c] += dy[i] * normalised;
                dbeta[c] += dy[i];
            }

            foreach (int i in Elements(shape, c))
            {
                double normalised = (x[i] - mean[c]) * inverse;
                double throughStatistics = op.BatchStatistics ? (dbeta[c] + (normalised * dgamma[c])) / count : 0;
                dx[i] = gamma[c] * inverse * (dy[i] - throughStatistics);
                if (addend is not null)
                    dx[i] += addend[i];
            }
        }

        return [dx, dgamma, dbeta];
    }

    /// <summary>Changes the running statistics in place; there is no output.</summary>
    public static double[][] UpdateRunning(RunningStatisticsUpdate op, Func<Value, double[]> of)
    {
        double momentum = op.Momentum;
        (double[] batchMean, double[] batchVariance) = (of(op.BatchMean), of(op.BatchVariance));
        (double[] mean, double[] variance) = (of(op.RunningMean), of(op.RunningVariance));
        for (int c = 0; c < mean.Length; c++)
        {
            double unbiased = batchVariance[c] * op.Count / (op.Count - 1);
            mean[c] = ((1 - momentum) * mean[c]) + (momentum * batchMean[c]);
            variance[c] = ((1 - momentum) * variance[c]) + (momentum * unbiased);
        }

        return [];
    }

    private static IEnumerable<int> Elements(Shape shape, int channel)
    {
        int plane = shape.Height * shape.Width;
        for (int n = 0; n < shape.Batch; n++)
        {
            int start = ((n * shape.Channels) + channel) * plane;
            for (int i = start; i < start + plane; i++)
                yield return i;
        }
    }
}
