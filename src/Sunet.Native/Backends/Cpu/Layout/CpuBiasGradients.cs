using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Layout;

/// <summary>
/// Gradients of biases that are found beside those of the same layer's weights: these read the same values, and convert them to float16,
/// anyway. Both are gradients of parameters, which have memory of their own from the first op to the last.
/// </summary>
internal sealed class CpuBiasGradients
{
    private readonly Dictionary<Op, BiasGradient> beside = [];
    private readonly HashSet<Op> found = [];

    /// <param name="graph">What runs.</param>
    /// <param name="multipliesFloat16">Whether gradients of weights are made in float16; others sum nothing beside.</param>
    public CpuBiasGradients(Graph graph, bool multipliesFloat16)
    {
        for (int i = 0; multipliesFloat16 && i + 1 < graph.Ops.Count; i++)
        {
            if (graph.Ops[i] is not ConvolutionWeightGradient weights || graph.Ops[i + 1] is not BiasGradient bias
                || !ReferenceEquals(weights.Dy, bias.Dy) || bias.Output.GradientOf is null)
            {
                continue;
            }

            beside.Add(weights, bias);
            found.Add(bias);
        }
    }

    /// <summary>The gradient of the bias that is found beside; null for none.</summary>
    public Value? Beside(ConvolutionWeightGradient weights) => beside.GetValueOrDefault(weights)?.Output;

    /// <summary>Whether a gradient is found beside another, so that there is nothing left to do for it.</summary>
    public bool IsFound(BiasGradient bias) => found.Contains(bias);
}
