using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Gradients;

/// <summary>Every differentiable op on its own, for its inputs and its parameters, against central differences.</summary>
public class LayerGradientTests(ITestOutputHelper output)
{
    public static TheoryData<string> Kinds { get; } = [.. LayerGraph.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Differentiate_Layer_MatchesCentralDifferences(string kind)
    {
        int compared = 0;
        for (int seed = 0; seed < 6; seed++)
        {
            LayerGraph forward = LayerGraph.Create(kind, seed, learnsInput: true, differentiate: false);
            LayerGraph differentiated = LayerGraph.Create(kind, seed, learnsInput: true, differentiate: true);
            var check = new GradientCheck(
                forward.Graph, forward.Loss, differentiated.Graph, (graph, executor) => GraphValues.Write(graph, executor));
            double worst = check.Run(singles: 4);
            Assert.True(worst <= 1, $"Seed {seed}: {check.Worst.Where}");
            compared += check.Compared;
            output.WriteLine($"seed {seed}: {check.Compared} directions, worst {worst:F3} of its tolerance: {check.Worst.Where}");
        }

        Assert.InRange(compared, 20, int.MaxValue);
    }

    [Fact]
    public void Differentiate_FusedConvolution_IsRefused()
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(1, 2, 5, 5)), weights = graph.Parameter("w", new Shape(3, 2, 1, 1));
        var convolution = graph.Add(new Convolution("conv", x, weights, null, ConvolutionGeometry.Square(), fusedRelu: true));
        Refused(graph, convolution.Output, "conv");
    }

    [Fact]
    public void Differentiate_FusedTransposedConvolution_IsRefused()
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(1, 2, 5, 5)), weights = graph.Parameter("w", new Shape(2, 3, 1, 1));
        var layer = graph.Add(new TransposedConvolution("deconv", x, weights, null, ConvolutionGeometry.Square(), (5, 5), fusedRelu: true));
        Refused(graph, layer.Output, "deconv");
    }

    [Fact]
    public void Differentiate_ParametersThatShareAGradient_AreRefused()
    {
        var graph = new Graph();
        var shape = new Shape(1, 3, 5, 5);
        var sum = graph.Add(new Add("sum", Phase.Forward, graph.Parameter("first", shape), graph.Parameter("second", shape)));
        Refused(graph, sum.Output, "second");
    }

    private static void Refused(Graph graph, Value logits, string named)
    {
        Shape s = logits.Shape;
        Value labels = graph.Input("labels", new Shape(s.Batch, s.Height, s.Width), DataType.Int32);
        Value loss = graph.Add(new SoftmaxCrossEntropy("loss", logits, labels, 255)).Loss;
        ConfigurationException refusal =
            Assert.Throws<ConfigurationException>(() => Differentiator.Differentiate(graph, loss, Add.OfGradients));
        Assert.Contains($"'{named}'", refusal.Message, StringComparison.Ordinal);
    }
}
