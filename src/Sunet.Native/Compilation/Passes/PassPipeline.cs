using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// The passes that make a graph fast before it is compiled, in the order that they need. They work on any graph, a SUNet or one's own, and
/// change it in place: values that are marked as outputs stay outputs, under <see cref="Graph.Outputs"/>, but others may be replaced.
/// </summary>
public static class PassPipeline
{
    /// <summary>
    /// Prepares a graph that predicts: ReLUs are fused into what they follow, batch-norms with running statistics are folded into
    /// convolutions, and residual sums are accumulated in place.
    /// </summary>
    /// <param name="graph">A forward graph; its outputs are marked.</param>
    public static void ForInference(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        FuseRelu.Run(graph);
        FoldBatchNorm.Run(graph);
        AccumulateResidual.Run(graph);
    }

    /// <summary>
    /// Makes a training graph of a forward graph: fuses ReLUs, adds the ops that carry the gradient of the loss to every parameter,
    /// accumulates residual sums in place, and computes outputs of batch-norms again in the backward pass in place of storing them.
    /// </summary>
    /// <param name="graph">A forward graph; its outputs are marked.</param>
    /// <param name="loss">The loss, a scalar of the graph.</param>
    /// <exception cref="ConfigurationException">An op between a parameter and the loss has no gradient; the message names it.</exception>
    public static void ForTraining(Graph graph, Value loss)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(loss);
        FuseRelu.Run(graph);
        Differentiator.Differentiate(graph, loss, Add.OfGradients);
        AccumulateResidual.Run(graph);
        RecomputeBatchNorm.Run(graph);
    }

    /// <summary>
    /// Prepares a forward graph whose batch-norms use the statistics of each batch: ops that no output needs are removed, and ReLUs are
    /// fused.
    /// </summary>
    /// <param name="graph">A forward graph; its outputs are marked.</param>
    public static void ForBatchStatistics(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.DropDead();
        FuseRelu.Run(graph);
    }
}
