using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Gradients;
using Sunet.Verification;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>Element-wise ops, joins, slices and batch normalisation on a GPU against the reference in float64.</summary>
public sealed class CudaElementwiseTests : EmulatorTest
{
    public static TheoryData<string, Precision> Kinds => new(
        from kind in new[]
        {
            nameof(Relu), nameof(ReluGradient), nameof(Add), nameof(Concat), nameof(ChannelSlice), nameof(BiasGradient),
            nameof(BatchNormStatistics), nameof(BatchNormApply), nameof(BatchNormGradient), nameof(RunningStatisticsUpdate),
        }
        from precision in Enum.GetValues<Precision>()
        select (kind, precision));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Op_MatchesTheReference(string kind, Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        var options = new SelfTestOptions
        {
            Precision = precision == Precision.Bf16 ? Precision.Bf16 : Precision.Float32,
        };
        SelfTestCheck check = OpChecks.Op(backend, kind, options, TestContext.Current.CancellationToken);
        Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
    }

    public static TheoryData<string> Biases => BiasGradientTests.Kinds;

    [Theory]
    [MemberData(nameof(Biases))]
    public void Run_LayersWithBiases_GiveTheReferencesGradients(string kind)
    {
        using var backend = new CudaBackend();
        BiasGradientTests.MatchesTheReference(BiasGraph.Create(kind), backend);
    }

    [Theory]
    [InlineData(true, 16, 0)]
    [InlineData(true, 11, 2)]
    [InlineData(false, 16, 2)]
    public void Concat_OfParts_CopiesOnlyWhatCannotLieWithinTheWhole(bool computed, int channels, int copies)
    {
        using var backend = new CudaBackend();
        var graph = new Graph();
        Value[] inputs = [.. new[] { "a", "b" }.Select(name => graph.Input(name, new Shape(2, channels, 5, 3)))];
        Value[] parts = computed ? [.. inputs.Select(i => graph.Add(new Relu(i.Name + ".relu", i)).Output)] : inputs;
        Value joined = graph.Add(new Concat("joined", parts[0], parts[1])).Output;
        Value result = graph.MarkOutput(graph.Add(new Relu("result", joined)).Output);
        using var plan = Plan.Compile(graph, backend, new PlanOptions());
        float[][] elements = [.. inputs.Select((i, n) => Enumerable.Range(0, (int)i.Shape.Count).Select(e => (e % 13) - 4f + n).ToArray())];
        for (int i = 0; i < inputs.Length; i++)
            plan.Write(inputs[i], elements[i]);
        plan.Run(Phase.Forward);
        float[] found = new float[result.Shape.Count];
        plan.Read(result, found);
        Assert.Equal(copies, Emulator.KernelsRun("copy_channels_f32"));
        int image = channels * 15;
        float[] expected =
        [
            .. Enumerable.Range(0, 2).SelectMany(n => elements.SelectMany(e => e.AsSpan(n * image, image).ToArray()))
                .Select(e => Math.Max(0, e)),
        ];
        Assert.Equal(expected, found);
    }
}
