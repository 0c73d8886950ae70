using System.Numerics;
using System.Runtime.CompilerServices;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// Weights and biases that batch normalisations are folded into, one of each kind: those of the same values are one value, and those of
/// values that the graph has several times are one that it has several times.
/// </summary>
internal sealed class FoldedParameters(Graph graph)
{
    private readonly Dictionary<(Value, Value?, Value, Value, Value, Value, float), (Value Weights, Value Bias)> bySources = [];
    private readonly Dictionary<(string, string?, string, string, string, string, float), (Value Weights, Value Bias)> byNames = [];

    /// <summary>The weights and the bias of a convolution that a batch normalisation is folded into.</summary>
    /// <param name="norm">With fixed statistics.</param>
    /// <param name="weights">The convolution's.</param>
    /// <param name="bias">The convolution's, or null.</param>
    /// <param name="outputAxis">The axis of the weights that the batch normalisation's channels are.</param>
    public (Value Weights, Value Bias) Of(BatchNormApply norm, Value weights, Value? bias, int outputAxis)
    {
        var sources = (weights, bias, norm.Gamma, norm.Beta, norm.Mean, norm.Variance, norm.Epsilon);
        if (bySources.TryGetValue(sources, out (Value Weights, Value Bias) found))
            return found;
        var names = (weights.Name, bias?.Name, norm.Gamma.Name, norm.Beta.Name, norm.Mean.Name, norm.Variance.Name, norm.Epsilon);
        if (byNames.TryGetValue(names, out found))
        {
            found = (graph.Again(found.Weights), graph.Again(found.Bias));
        }
        else
        {
            string suffix = $" (folded with {norm.Gamma.Name})";
            found = (graph.Derive(weights.Name + suffix, weights.Shape, new FoldedWeights(norm, weights, outputAxis)),
                graph.Derive((bias?.Name ?? weights.Name + ".bias") + suffix, norm.Gamma.Shape, new FoldedBias(norm, bias)));
            byNames.Add(names, found);
        }

        bySources.Add(sources, found);
        return found;
    }

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
