using Sunet.Native.Tests.Reference;

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
            var check = new GradientCheck(forward.Graph, forward.Loss, differentiated.Graph, (graph, executor) => GraphValues.Write(graph, executor));
            double worst = check.Run(singles: 4);
            Assert.True(worst <= 1, $"Seed {seed}: {check.Worst.Where}");
            compared += check.Compared;
            output.WriteLine($"seed {seed}: {check.Compared} directions, worst {worst:F3} of its tolerance: {check.Worst.Where}");
        }

        Assert.InRange(compared, 20, int.MaxValue);
    }
}
