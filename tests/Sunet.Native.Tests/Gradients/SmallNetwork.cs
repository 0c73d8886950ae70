using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Gradients;

/// <summary>A Stacked U-Net of a few thousand parameters, with everything that is in a large one.</summary>
internal sealed record SmallNetwork(string Name, SunetSpec Spec, Shape Image, bool FrozenBatchNorm = false)
{
    private static readonly SunetConfig Body = new("custom", Filters: 2, Depth: 2, [4, 5, 5, 6]) { StemWidth = 3, ResidualWidth = 4 };

    public static IReadOnlyList<SmallNetwork> All { get; } =
    [
        Segmenter("strided-os32", outputStride: 32, multigrid: true, new Shape(2, 3, 67, 83)),
        Segmenter("multigrid-os16", outputStride: 16, multigrid: true, new Shape(2, 3, 45, 33)),
        Segmenter("multigrid-os8", outputStride: 8, multigrid: true, new Shape(1, 3, 41, 47)),
        Segmenter("dilated-os16", outputStride: 16, multigrid: false, new Shape(2, 3, 39, 50)),
        Segmenter("dilated-os8", outputStride: 8, multigrid: false, new Shape(2, 3, 35, 43)),
        Segmenter("frozen-os16", outputStride: 16, multigrid: true, new Shape(2, 3, 45, 33)) with { FrozenBatchNorm = true },
        new("classifier", Of(SunetHead.Classifier), new Shape(3, 3, 67, 49)),
    ];

    /// <summary>The head that removes gridding artefacts is 512 channels wide whatever the body is.</summary>
    public static SmallNetwork Degrid { get; } =
        new("degrid-os16", Of(SunetHead.Segmenter) with { OutputStride = 16, Degrid = true }, new Shape(2, 3, 33, 47));

    public TrainingGraphOptions Options => new()
    {
        FrozenBatchNorm = FrozenBatchNorm,
        BatchNormMomentum = 0.1f,
        IgnoreLabel = Spec.Head == SunetHead.Classifier ? -1 : 255,
    };

    /// <summary>The training graph with all passes.</summary>
    public Graph Training() => SunetGraph.ForTraining(Spec, Image, Options).Graph;

    /// <summary>The training graph with one op a layer, no pass, and its loss.</summary>
    public (Graph Graph, Value Loss) Plain(bool differentiate)
    {
        BatchNormMode mode = FrozenBatchNorm ? BatchNormMode.Frozen : BatchNormMode.Training;
        SunetGraph network = SunetGraph.Build(Spec, Image, mode, Options.BatchNormMomentum);
        Shape logits = network.Logits.Shape;
        Value labels = network.Graph.Input("labels", new Shape(logits.Batch, logits.Height, logits.Width), DataType.Int32);
        Value loss = network.Graph.Add(new SoftmaxCrossEntropy("loss", network.Logits, labels, Options.IgnoreLabel)).Loss;
        if (differentiate)
            Differentiator.Differentiate(network.Graph, loss, Add.OfGradients);
        return (network.Graph, loss);
    }

    /// <summary>Writes the same inputs, parameters and running statistics to any graph of the network.</summary>
    public void Write(Graph graph, ReferenceExecutor executor)
    {
        SunetModel model = SunetModel.Create(Spec);
        Fill.Into(model, Name);
        foreach (string statistic in model.Names.Where(n => !model.IsParameter(n)))
        {
            bool variance = statistic.EndsWith("running_var", StringComparison.Ordinal);
            Array.ConvertAll(Fill.Unit(statistic, model.ShapeOf(statistic).Count), u => (float)(variance ? 0.5 + u : u - 0.5))
                .CopyTo(model.Write(statistic));
        }

        executor.Load(name => [.. model.Read(name).ToArray().Select(v => (double)v)]);
        foreach (Value input in graph.Inputs)
        {
            executor.Write(input, input.Type == DataType.Int32
                ? Fill.Labels(Name, (int)input.Shape.Count, Spec.Classes, Options.IgnoreLabel == 255).Select(l => (double)l)
                : Fill.Input(Name, input.Shape).Select(v => (double)v));
        }
    }

    private static SmallNetwork Segmenter(string name, int outputStride, bool multigrid, Shape image) =>
        new(name, Of(SunetHead.Segmenter) with { OutputStride = outputStride, Multigrid = multigrid }, image);

    private static SunetSpec Of(SunetHead head) => new() { Config = Body, Head = head, Classes = 4 };
}
