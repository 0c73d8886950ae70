using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Passes;

/// <summary>Lets a batch normalisation clamp its own result where a ReLU is its only reader. Before differentiation.</summary>
internal static class FuseRelu
{
    public static void Run(Graph graph)
    {
        Dictionary<Value, List<Op>> readers = graph.Readers();
        foreach (Relu relu in graph.Ops.OfType<Relu>().ToArray())
        {
            if (relu.X.Producer is not BatchNormApply { FusedRelu: false } norm || readers[norm.Output].Count != 1
                || graph.Outputs.Contains(norm.Output))
            {
                continue;
            }

            var fused = new BatchNormApply(norm.Name, norm.X, norm.Mean, norm.Variance, norm.Gamma, norm.Beta, norm.BatchStatistics,
                fusedRelu: true, norm.Epsilon);
            graph.Replace(norm, fused);
            graph.Redirect(relu.Output, fused.Output);
            graph.Remove(relu);
        }
    }
}
