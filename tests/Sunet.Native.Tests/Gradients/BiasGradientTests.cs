using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Gradients;

/// <summary>Biases that a batch-norm takes out again: their gradient is zero, and nothing is summed for it.</summary>
public sealed class BiasGradientTests
{
    public static TheoryData<string> Kinds { get; } = [.. BiasGraph.Kinds];

    public static TheoryData<string> Networks => NetworkGradientTests.Networks;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Differentiate_Biases_MatchCentralDifferences(string kind)
    {
        BiasGraph forward = BiasGraph.Create(kind, differentiate: false), differentiated = BiasGraph.Create(kind);
        var check = new GradientCheck(
            forward.Graph, forward.Loss, differentiated.Graph, (graph, executor) => GraphValues.Write(graph, executor));
        Assert.InRange(check.Run(singles: 5), 0, 1);
        Assert.Equal(0, check.Skipped);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Differentiate_Biases_AreSummedOnlyWhereTheyChangeTheLoss(string kind)
    {
        BiasGraph biases = BiasGraph.Create(kind);
        Assert.Equal(biases.Unmoved.Order(), ZeroGradients(biases.Graph));
        IEnumerable<string> summed = biases.Graph.Ops.OfType<BiasGradient>().Select(b => b.Output.GradientOf!.Name);
        Assert.Equal(BiasesOfConvolutions(biases.Graph), biases.Unmoved.Concat(summed).Order());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_OnTheCpu_GivesTheReferencesGradients(string kind)
    {
        using var backend = new CpuBackend(threads: 2);
        MatchesTheReference(BiasGraph.Create(kind), backend);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void ForTraining_Network_SumsEveryBiasOrTheHeadsAlone(string name)
    {
        SmallNetwork network = SmallNetwork.All.Single(n => n.Name == name);
        Graph graph = network.Training();
        string[] biases = BiasesOfConvolutions(graph);
        string head = network.Name == "classifier" ? "linear.bias" : "final.conv1.bias";
        string[] summed = network.FrozenBatchNorm ? biases : [head];
        Assert.Equal(summed, graph.Ops.OfType<BiasGradient>().Select(b => b.Output.GradientOf!.Name).Order());
        Assert.Equal(biases.Except(summed), ZeroGradients(graph));
    }

    [Fact]
    public void ZeroGradient_OfWhatIsNoParameter_IsRefused()
    {
        Value image = new Graph().Input("x", new Tensors.Shape(3));
        Assert.Contains("'x'", Assert.Throws<ConfigurationException>(() => new ZeroGradient(image)).Message, StringComparison.Ordinal);
    }

    /// <summary>Real gradients to rounding, the others to the last bit.</summary>
    internal static void MatchesTheReference(BiasGraph biases, IBackend backend)
    {
        IReadOnlyList<(Value Value, double Error)> errors = OpComparison.Run(biases.Graph, backend).Errors;
        Assert.All(errors, e => Assert.True(e.Error <= Tolerances.Layer, $"{e.Value}: {e.Error:E2}"));
        var unmoved = errors.Where(e => e.Value.GradientOf is { } p && biases.Unmoved.Contains(p.Name)).ToArray();
        Assert.Equal(biases.Unmoved.Count, unmoved.Length);
        Assert.All(unmoved, e => Assert.Equal(0, e.Error));
    }

    private static IEnumerable<string> ZeroGradients(Graph graph) =>
        graph.Ops.OfType<ZeroGradient>().Select(z => z.Output.GradientOf!.Name).Order();

    private static string[] BiasesOfConvolutions(Graph graph) =>
        [.. graph.Ops.Select(BiasOf).OfType<Value>().Select(b => b.Name).Distinct().Order()];

    private static Value? BiasOf(Op op) => op switch
    {
        Convolution c => c.Bias,
        TransposedConvolution t => t.Bias,
        Linear l => l.Bias,
        _ => null,
    };
}
