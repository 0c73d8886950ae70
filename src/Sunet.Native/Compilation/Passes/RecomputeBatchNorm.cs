using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// Batch-norm and ReLU outputs that the backward pass reads are computed again there from the layer's input, which it keeps anyway:
/// one cheap pass over memory for half the activations. After differentiation.
/// </summary>
internal static class RecomputeBatchNorm
{
    public static void Run(Graph graph)
    {
        foreach (BatchNormApply norm in graph.Ops.OfType<BatchNormApply>().Where(n => n.Phase == Phase.Forward).ToArray())
        {
            Op[] backward = [.. graph.Ops.Where(o => o.Phase == Phase.Backward && o.Inputs.Contains(norm.Output))];
            if (backward.Length == 0)
                continue;
            Op again = norm.Repeat(norm.Name + "/again", Phase.Backward);
            graph.InsertBefore(backward[0], again);
            foreach (Op reader in backward)
                reader.ReplaceInput(norm.Output, again.Output);
        }
    }
}
