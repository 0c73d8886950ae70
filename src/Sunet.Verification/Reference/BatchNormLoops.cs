using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Batch normalisation, channel by channel.</summary>
internal sealed class BatchNormLoops : ReferenceFamily
{
    public override IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops { get; } =
    [
        (nameof(BatchNormStatistics), BuildStatistics), (nameof(BatchNormApply), b => b.Graph.Add(BuildApply(b).Apply)),
        (nameof(BatchNormGradient), BuildGradient), (nameof(RunningStatisticsUpdate), BuildUpdate),
    ];

    public override IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers { get; } =
    [
        ("BatchNorm", b => Layer(b, frozen: false, fusedRelu: false)), ("FrozenBatchNorm", b => Layer(b, frozen: true, fusedRelu: true)),
        ("FusedBatchNorm", b => Layer(b, frozen: false, fusedRelu: true)),
    ];

    public override double[][]? Compute(Op op, Func<Value, double[]> of) => op switch
    {
        BatchNormStatistics b => Statistics(b.X.Shape, of(b.X)),
        BatchNormApply b => [Apply(b, of)],
        BatchNormGradient b => Gradient(b, of),
        RunningStatisticsUpdate r => UpdateRunning(r, of),
        _ => null,
    };

    private static BatchNormStatistics BuildStatistics(OpBuilder b)
    {
        Shape shape = Activation(b);
        return b.Graph.Add(new BatchNormStatistics("op", b.Image("x", shape)));
    }

    private static RunningStatisticsUpdate BuildUpdate(OpBuilder b)
    {
        var channels = new Shape(Activation(b).Channels);
        return b.Graph.Add(new RunningStatisticsUpdate("op", b.Graph.Input("mean", channels), b.Graph.Input("var", channels),
            b.Graph.Buffer("running_mean", channels), b.Graph.Buffer("running_var", channels), b.Reduction, 0.25f));
    }

    private static BatchNormGradient BuildGradient(OpBuilder b)
    {
        (BatchNormApply apply, Shape shape) = BuildApply(b);
        return b.Graph.Add(new BatchNormGradient(apply, b.Image("dy", shape), b.Seed % 4 < 2 ? b.Image("addend", shape) : null));
    }

    private static (BatchNormApply Apply, Shape Shape) BuildApply(OpBuilder b)
    {
        Shape shape = Activation(b);
        var channels = new Shape(shape.Channels);
        bool batch = b.Seed % 2 == 0;
        Value x = b.Image("x", shape);
        BatchNormStatistics? statistics = batch ? b.Graph.Add(new BatchNormStatistics("bn", x)) : null;
        var apply = new BatchNormApply("op", x, statistics?.Mean ?? b.Graph.Buffer("mean", channels),
            statistics?.Variance ?? b.Graph.Buffer("var", channels), b.Graph.Parameter("gamma", channels),
            b.Graph.Parameter("beta", channels), batch, fusedRelu: b.Seed % 3 != 0);
        return (apply, shape);
    }

    private static Shape Activation(OpBuilder b)
    {
        var shape = new Shape(b.Batch, b.Channels(), b.Height, b.Width);
        b.Reduction = shape.Count / shape.Channels;
        return shape;
    }

    private static Value Layer(LayerBuilder b, bool frozen, bool fusedRelu)
    {
        Value x = b.Scaled("x", new Shape(2, LayerBuilder.Classes, 7, 5));
        var channels = new Shape(LayerBuilder.Classes);
        Value gamma = b.Graph.Parameter("bn.weight", channels), beta = b.Graph.Parameter("bn.bias", channels);
        Value mean, variance;
        if (frozen)
        {
            (mean, variance) = (b.Graph.Buffer("bn.running_mean", channels), b.Graph.Buffer("bn.running_var", channels));
        }
        else
        {
            BatchNormStatistics statistics = b.Graph.Add(new BatchNormStatistics("bn", x));
            (mean, variance) = (statistics.Mean, statistics.Variance);
        }

        return b.Graph.Add(new BatchNormApply("bn", x, mean, variance, gamma, beta, !frozen, fusedRelu)).Output;
    }

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
