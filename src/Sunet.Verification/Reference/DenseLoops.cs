using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Fully connected layers, sums over a channel, and moves of whole channels.</summary>
internal static class DenseLoops
{
    public static double[] Linear(Linear op, Func<Value, double[]> of)
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

    public static double[] LinearData(LinearDataGradient op, Func<Value, double[]> of)
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

    public static double[] LinearWeights(LinearWeightGradient op, Func<Value, double[]> of)
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

    public static double[] SumPerChannel(Shape shape, double[] x)
    {
        var sums = new double[shape.Channels];
        int plane = shape.Height * shape.Width;
        for (int i = 0; i < x.Length; i++)
            sums[i / plane % shape.Channels] += x[i];
        return sums;
    }

    public static double[] Concat(Concat op, Func<Value, double[]> of)
    {
        var y = new double[op.Output.Shape.Count];
        int at = 0;
        for (int n = 0; n < op.Output.Shape.Batch; n++)
        {
            foreach (double[] input in (double[][])[of(op.A), of(op.B)])
            {
                int image = input.Length / op.Output.Shape.Batch;
                Array.Copy(input, n * image, y, at, image);
                at += image;
            }
        }

        return y;
    }

    public static double[] Slice(ChannelSlice op, double[] x)
    {
        (Shape from, Shape to) = (op.X.Shape, op.Output.Shape);
        var y = new double[to.Count];
        int plane = to.Height * to.Width;
        for (int n = 0; n < to.Batch; n++)
            Array.Copy(x, ((n * from.Channels) + op.Offset) * plane, y, n * to.Channels * plane, to.Channels * plane);
        return y;
    }
}
