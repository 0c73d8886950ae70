using System.Numerics;
using System.Runtime.CompilerServices;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// For inference: a batch normalisation with fixed statistics that is the only reader of a convolution becomes part of the convolution's
/// weights and bias, and its ReLU the convolution's.
/// </summary>
internal static class FoldBatchNorm
{
    public static void Run(Graph graph)
    {
        Dictionary<Value, List<Op>> readers = graph.Readers();
        foreach (BatchNormApply norm in graph.Ops.OfType<BatchNormApply>().ToArray())
        {
            Value x = norm.X;
            if (norm.BatchStatistics || readers[x].Count != 1 || graph.Outputs.Contains(x))
                continue;
            Op? folded = x.Producer switch
            {
                Convolution { FusedRelu: false, Accumulator: null } c => new Convolution(c.Name, c.X,
                    Weights(graph, norm, c.Name, c.Weights, outputAxis: 0), Bias(graph, norm, c.Name, c.Bias), c.Geometry, norm.FusedRelu),
                TransposedConvolution { FusedRelu: false } t => new TransposedConvolution(t.Name, t.X,
                    Weights(graph, norm, t.Name, t.Weights, outputAxis: 1), Bias(graph, norm, t.Name, t.Bias), t.Geometry,
                    (x.Shape.Height, x.Shape.Width), norm.FusedRelu),
                _ => null,
            };
            if (folded is null)
                continue;
            graph.Replace(x.Producer!, folded);
            graph.Redirect(norm.Output, folded.Output);
            graph.Remove(norm);
        }

        graph.DropUnread();
    }

    private static Value Weights(Graph graph, BatchNormApply norm, string layer, Value weights, int outputAxis) =>
        graph.Derive(layer + ".weight (folded)", weights.Shape, new FoldedWeights(norm, weights, outputAxis));

    private static Value Bias(Graph graph, BatchNormApply norm, string layer, Value? bias) =>
        graph.Derive(layer + ".bias (folded)", norm.Gamma.Shape, new FoldedBias(norm, bias));

    private static double Scale(BatchNormApply norm, ParameterReader model, int channel) =>
        model(norm.Gamma.Name)[channel] / Math.Sqrt(model(norm.Variance.Name)[channel] + (double)norm.Epsilon);

    private sealed class FoldedWeights(BatchNormApply norm, Value weights, int outputAxis) : ParameterDerivation
    {
        public override void Compute(ParameterReader model, Span<float> destination)
        {
            Shape shape = weights.Shape;
            int channels = shape[outputAxis];
            int taps = shape[2] * shape[3] * (outputAxis == 0 ? shape[1] : 1);
            var scales = new double[channels];
            for (int c = 0; c < channels; c++)
                scales[c] = Scale(norm, model, c);
            ScaleChannels(model(weights.Name), taps, scales, destination);
        }

        // Over all weights of a network once: optimised at once, since it would be done before the runtime came to think of it.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void ScaleChannels(ReadOnlySpan<float> source, int taps, ReadOnlySpan<double> scales, Span<float> destination)
        {
            for (int start = 0; start < destination.Length; start += taps)
            {
                double scale = scales[start / taps % scales.Length];
                ReadOnlySpan<float> from = source.Slice(start, taps);
                Span<float> to = destination.Slice(start, from.Length);
                int i = 0;
                for (; i <= to.Length - Vector<float>.Count; i += Vector<float>.Count)
                {
                    Vector.Widen(new Vector<float>(from[i..]), out Vector<double> low, out Vector<double> high);
                    Vector.Narrow(low * scale, high * scale).CopyTo(to[i..]);
                }

                for (; i < to.Length; i++)
                    to[i] = (float)(from[i] * scale);
            }
        }
    }

    private sealed class FoldedBias(BatchNormApply norm, Value? bias) : ParameterDerivation
    {
        public override void Compute(ParameterReader model, Span<float> destination)
        {
            for (int c = 0; c < destination.Length; c++)
            {
                double old = bias is null ? 0 : model(bias.Name)[c];
                destination[c] = (float)(((old - model(norm.Mean.Name)[c]) * Scale(norm, model, c)) + model(norm.Beta.Name)[c]);
            }
        }
    }
}
