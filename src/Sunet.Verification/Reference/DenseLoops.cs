using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>Fully connected layers, sums over a channel, and moves of whole channels.</summary>
internal static class DenseLoops
{
    public static double[] Linear(Op op, double[][] inputs)
    {
        (int batch, int outputs, int features) = (op.Output.Shape.Batch, op.Output.Shape.Channels, op.Inputs[0].Shape.Channels);
        var y = new double[batch * outputs];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = inputs[2][o];
                for (int i = 0; i < features; i++)
                    sum += inputs[0][(n * features) + i] * inputs[1][(o * features) + i];
                y[(n * outputs) + o] = sum;
            }
        }

        return y;
    }

    public static double[] LinearData(Op op, double[][] inputs)
    {
        (int batch, int features, int outputs) = (op.Output.Shape.Batch, op.Output.Shape.Channels, op.Inputs[0].Shape.Channels);
        var dx = new double[batch * features];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int i = 0; i < features; i++)
                    dx[(n * features) + i] += inputs[0][(n * outputs) + o] * inputs[1][(o * features) + i];
            }
        }

        return dx;
    }

    public static double[] LinearWeights(Op op, double[][] inputs)
    {
        (int outputs, int features, int batch) = (op.Output.Shape[0], op.Output.Shape[1], op.Inputs[0].Shape.Batch);
        var dw = new double[outputs * features];
        for (int n = 0; n < batch; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int i = 0; i < features; i++)
                    dw[(o * features) + i] += inputs[0][(n * features) + i] * inputs[1][(n * outputs) + o];
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

    public static double[] Concat(Op op, double[][] inputs)
    {
        var y = new double[op.Output.Shape.Count];
        int at = 0;
        for (int n = 0; n < op.Output.Shape.Batch; n++)
        {
            foreach (double[] input in inputs)
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
        (Shape from, Shape to) = (op.Inputs[0].Shape, op.Output.Shape);
        var y = new double[to.Count];
        int plane = to.Height * to.Width;
        for (int n = 0; n < to.Batch; n++)
            Array.Copy(x, ((n * from.Channels) + op.Offset) * plane, y, n * to.Channels * plane, to.Channels * plane);
        return y;
    }
}
