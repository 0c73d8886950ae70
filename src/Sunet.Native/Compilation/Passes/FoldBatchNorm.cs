using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// For inference: a batch normalisation with fixed statistics that is the only reader of a convolution becomes part of the convolution's
/// weights and bias, and its ReLU the convolution's. What is derived of the same weights and batch normalisation is derived once.
/// </summary>
internal static class FoldBatchNorm
{
    public static void Run(Graph graph)
    {
        Dictionary<Value, List<Op>> readers = graph.Readers();
        var derived = new FoldedParameters(graph);
        foreach (BatchNormApply norm in graph.Ops.OfType<BatchNormApply>().ToArray())
        {
            Value x = norm.X;
            if (norm.BatchStatistics || readers[x].Count != 1 || graph.Outputs.Contains(x))
                continue;
            Op? folded = null;
            if (x.Producer is Convolution { FusedRelu: false, Accumulator: null } c)
            {
                (Value weights, Value bias) = derived.Of(norm, c.Weights, c.Bias, outputAxis: 0);
                folded = new Convolution(c.Name, c.X, weights, bias, c.Geometry, norm.FusedRelu);
            }
            else if (x.Producer is TransposedConvolution { FusedRelu: false } t)
            {
                (Value weights, Value bias) = derived.Of(norm, t.Weights, t.Bias, outputAxis: 1);
                folded = new TransposedConvolution(
                    t.Name, t.X, weights, bias, t.Geometry, (x.Shape.Height, x.Shape.Width), norm.FusedRelu);
            }

            if (folded is null)
                continue;
            graph.Replace(x.Producer!, folded);
            graph.Redirect(norm.Output, folded.Output);
            graph.Remove(norm);
        }

        graph.DropUnread();
    }
}
