using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Verification.Golden;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Gradients;

/// <summary>Passes change how a graph computes, never what.</summary>
public class PassTests(ITestOutputHelper output)
{
    public static TheoryData<string> Networks => NetworkGradientTests.Networks;

    [Theory]
    [MemberData(nameof(Networks))]
    public void ForTraining_AllPasses_GivesThePlainGraphsResults(string name)
    {
        SmallNetwork network = SmallNetwork.All.Single(n => n.Name == name);
        Dictionary<string, double[]> plain = Results(network, network.Plain(differentiate: true).Graph);
        Graph graph = network.Training();
        Dictionary<string, double[]> optimised = Results(network, graph);
        Assert.Equal(plain.Keys.Order(), optimised.Keys.Order());
        Assert.True(graph.Ops.Count < network.Plain(differentiate: true).Graph.Ops.Count, "No pass did anything.");

        // Rounding of the terms of a sum that comes to little is no error: errors are measured on the scale of the whole gradient.
        double scale = Math.Sqrt(plain
            .Where(p => p.Key.StartsWith("gradient", StringComparison.Ordinal)).SelectMany(p => p.Value).Average(v => v * v));
        double worst = plain.Max(p => p.Value.Zip(optimised[p.Key], (a, b) => Math.Abs(a - b) / Math.Max(Math.Abs(a), scale)).Max());
        output.WriteLine($"{plain.Count} tensors, worst element {worst:E1}");
        Assert.InRange(worst, 0, 1e-10);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void ForInference_BatchNormFolded_GivesThePlainGraphsLogits(string name)
    {
        SmallNetwork network = SmallNetwork.All.Single(n => n.Name == name);
        SunetGraph plain = SunetGraph.Build(network.Spec, network.Image, BatchNormMode.Inference, batchNormMomentum: 0);
        SunetGraph folded = SunetGraph.ForInference(network.Spec, network.Image);
        Assert.Contains(folded.Graph.Parameters, p => p.Derivation is not null);
        double error = GoldenErrors.Distance(Logits(network, folded), Logits(network, plain));
        output.WriteLine($"{plain.Graph.Ops.Count} ops become {folded.Graph.Ops.Count}; {error:E1}");
        Assert.InRange(error, 0, 1e-10);
    }

    private static Dictionary<string, double[]> Results(SmallNetwork network, Graph graph)
    {
        var executor = new ReferenceExecutor(graph);
        network.Write(graph, executor);
        executor.Run();
        Dictionary<string, double[]> results = graph.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null)
            .ToDictionary(v => "gradient of " + v.GradientOf!.Name, v => executor[v]);
        foreach (Value buffer in graph.Buffers)
            results.Add(buffer.Name, executor[buffer]);
        results.Add("loss", executor[graph.Ops.SelectMany(o => o.Outputs).Single(v => v.Name == "loss")]);
        return results;
    }

    private static double[] Logits(SmallNetwork network, SunetGraph inference)
    {
        SunetModel model = Foldable(network.Spec);
        var executor = new ReferenceExecutor(inference.Graph);
        executor.Load(name => [.. model.Read(name).ToArray().Select(v => (double)v)]);
        executor.Write(inference.Image, Fill.Input(network.Name, network.Image).Select(v => (double)v));
        executor.Run();
        return executor[inference.Logits];
    }

    /// <summary>
    /// A model whose folded weights are exact in float32, so that nothing but the pass is measured: every variance plus epsilon is 2^-16,
    /// hence every deviation 2^-8, and all other numbers have few bits.
    /// </summary>
    private static SunetModel Foldable(SunetSpec spec)
    {
        SunetModel model = SunetModel.Create(spec);
        foreach (string name in model.Names)
        {
            double[] unit = Fill.Unit(name, model.ShapeOf(name).Count);
            bool normalises = name.EndsWith(".weight", StringComparison.Ordinal) && model.ShapeOf(name).Rank == 1;
            Func<double, double> element = name.EndsWith("running_var", StringComparison.Ordinal)
                ? _ => Math.ScaleB(1, -16) - Ops.BatchNormApply.DefaultEpsilon
                : normalises ? u => Math.ScaleB(8 + Math.Floor(8 * u), -12)
                : u => Math.ScaleB(Math.Floor(64 * u) - 32, -6);
            Array.ConvertAll(unit, u => (float)element(u)).CopyTo(model.Write(name));
        }

        return model;
    }
}
