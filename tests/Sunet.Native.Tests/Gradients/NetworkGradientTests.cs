using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Ops;

namespace Sunet.Native.Tests.Gradients;

/// <summary>The gradients of whole networks, as training computes them after all passes, against central differences.</summary>
public class NetworkGradientTests(ITestOutputHelper output)
{
    /// <summary>Errors, in tolerances, that nobody can take for noise.</summary>
    private const double Plain = 10;

    public static TheoryData<string> Networks { get; } = [.. SmallNetwork.All.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Differentiate_SmallNetwork_MatchesCentralDifferences(string name)
    {
        SmallNetwork network = SmallNetwork.All.Single(n => n.Name == name);
        Assert.InRange(SunetModel.Create(network.Spec).ParameterCount, 1, 5_000);
        GradientCheck check = Check(network);
        double worst = check.Run(singles: 1);
        Report(check);
        Assert.True(worst <= 1, check.Worst.Where);
        Assert.InRange(check.Skipped, 0, check.Compared / 10);
    }

    [Fact]
    public void Differentiate_DegridHead_MatchesCentralDifferences()
    {
        GradientCheck check = Check(SmallNetwork.Degrid);
        double worst = check.Run(singles: 0, name => name.StartsWith("final.", StringComparison.Ordinal));
        Report(check);
        Assert.True(worst <= 1, check.Worst.Where);
        Assert.InRange(check.Compared, 5, 10);
    }

    /// <summary>Every kind of gradient op, spoilt in three ways.</summary>
    public static TheoryData<Type, string> Defects { get; } = new MatrixTheoryData<Type, string>(
        [
            typeof(ConvolutionDataGradient), typeof(ConvolutionWeightGradient), typeof(BiasGradient),
            typeof(TransposedConvolutionDataGradient),
            typeof(TransposedConvolutionWeightGradient), typeof(BatchNormGradient), typeof(BatchNormApply), typeof(AveragePoolGradient),
            typeof(BilinearResizeGradient), typeof(ChannelSlice), typeof(SoftmaxCrossEntropyGradient), typeof(GlobalAveragePoolGradient),
            typeof(LinearDataGradient), typeof(LinearWeightGradient),
        ],
        ["scaled", "reversed", "cut"]);

    [Theory]
    [MemberData(nameof(Defects))]
    public void Check_PlantedDefect_IsFound(Type kind, string defect)
    {
        bool classifies = kind == typeof(GlobalAveragePoolGradient)
            || kind == typeof(LinearDataGradient) || kind == typeof(LinearWeightGradient);
        SmallNetwork network = SmallNetwork.All.Single(n => n.Name == (classifies ? "classifier" : "multigrid-os16"));
        int spoilt = 0;
        GradientCheck check = Check(network, (op, outputs) =>
        {
            if (op.GetType() != kind || op.Phase != Phase.Backward)
                return;
            spoilt++;
            Spoil(outputs[0], defect);
        });
        Assert.True(spoilt > 0, "The network has no such op.");
        // Of all biases only those behind the last batch-norm have a gradient at all.
        Func<string, bool>? where = kind == typeof(BiasGradient) ? name => name.StartsWith("final.", StringComparison.Ordinal) : null;
        Assert.True(check.Run(singles: 0, where, Plain) > Plain, $"{kind.Name} {defect}: the check did not see it.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Check_DefectInBatchNormVector_IsFound(int vector)
    {
        GradientCheck check = Check(SmallNetwork.All[0], (op, outputs) =>
        {
            if (op is BatchNormGradient)
                Spoil(outputs[vector], "scaled");
        });
        Assert.True(check.Run(singles: 0, enough: Plain) > Plain, "The check did not see it.");
    }

    private static GradientCheck Check(SmallNetwork network, Action<Op, IReadOnlyList<double[]>>? afterOp = null)
    {
        (Graph forward, Value loss) = network.Plain(differentiate: false);
        return new GradientCheck(forward, loss, network.Training(), network.Write, afterOp);
    }

    private static void Spoil(double[] elements, string defect)
    {
        switch (defect)
        {
            case "scaled":
                for (int i = 0; i < elements.Length; i++)
                    elements[i] *= 1.01;
                break;
            case "reversed":
                Array.Reverse(elements);
                break;
            default:
                Array.Clear(elements, elements.Length / 2, (elements.Length + 1) / 2);
                break;
        }
    }

    private void Report(GradientCheck check) =>
        output.WriteLine($"{check.Compared} directions, {check.Skipped} skipped at kinks; "
            + $"worst {check.Worst.Error:F3} of its tolerance: {check.Worst.Where}");
}
