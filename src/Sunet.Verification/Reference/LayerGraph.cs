using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>One layer on random odd shapes, with a cross-entropy behind it unless it is a loss itself, and the gradients of both.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Loss">The loss, [1].</param>
internal sealed record LayerGraph(Graph Graph, Value Loss)
{
    public static IReadOnlyList<string> Kinds { get; } = [.. ReferenceFamilies.All.SelectMany(f => f.Layers).Select(l => l.Kind)];

    /// <summary>Builds the layer and its gradients.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="seed">Chooses the shapes.</param>
    /// <param name="learnsInput">Whether the layer's inputs are parameters and so receive gradients, too.</param>
    /// <param name="differentiate">Whether gradients are wanted.</param>
    public static LayerGraph Create(string kind, int seed, bool learnsInput, bool differentiate)
    {
        Func<LayerBuilder, Value> build = ReferenceFamilies.All.SelectMany(f => f.Layers).FirstOrDefault(l => l.Kind == kind).Build
            ?? throw new ArgumentException($"There is no layer '{kind}'.", nameof(kind));
        var builder = new LayerBuilder(seed, learnsInput);
        Value built = build(builder);
        Graph graph = builder.Graph;
        Value loss = built.Producer is SoftmaxLoss own ? own.Loss : CrossEntropy(graph, built);
        graph.MarkOutput(loss);
        if (differentiate)
            Differentiator.Differentiate(graph, loss, Add.OfGradients);
        return new LayerGraph(graph, loss);
    }

    private static Value CrossEntropy(Graph graph, Value logits)
    {
        Shape s = logits.Shape;
        Value labels = graph.Input("labels", new Shape(s.Batch, s.Height, s.Width), DataType.Int32);
        return graph.Add(new SoftmaxCrossEntropy("loss", logits, labels, SoftmaxCrossEntropy.DefaultIgnoreLabel)).Loss;
    }
}
