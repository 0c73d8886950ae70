using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Compilation;

/// <summary>What the CPU backend does not compute, or not where the graph says, and that the results are the same.</summary>
public sealed class CpuPlanTests
{
    /// <summary>Whole blocks of channels, so that everything that needs them applies.</summary>
    private static readonly SunetSpec Spec = new SunetSpec
    {
        Config = new SunetConfig("custom", 32, 2, [48, 64, 80, 96]) { StemWidth = 32, ResidualWidth = 32 },
        Head = SunetHead.Segmenter,
        Classes = 11,
        OutputStride = 16,
    }.Validated();

    private static readonly CpuOptions Direct = new() { Threads = 2, Winograd = false, FuseNormalization = false };

    [Theory]
    [InlineData(1, 128, 160)]
    [InlineData(1, 171, 133)]
    [InlineData(2, 128, 128)]
    public void Forward_EveryShortCut_MatchesTheDirectWay(int batch, int height, int width)
    {
        var image = new Shape(batch, 3, height, width);
        float[] fast = Logits(new CpuOptions { Threads = 2 }, image), direct = Logits(Direct, image);
        double error = 0, size = 0;
        for (int i = 0; i < direct.Length; i++)
        {
            error += Math.Pow(fast[i] - direct[i], 2);
            size += Math.Pow(direct[i], 2);
        }

        // Winograd's layers are off by 1e-6 each, and errors of some twenty layers add up like a random walk.
        Assert.InRange(Math.Sqrt(error / size), 1e-12, 1e-5);
    }

    [Fact]
    public void Compile_OneImage_LeavesOutWhatNeedNotBeDone()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using Plan plan = Labels(backend, new Shape(1, 3, 256, 256), out _);
        Assert.All(plan.Calls.Where(c => c.Op is Concat), c => Assert.Equal("in place", c.Call.Implementation));
        Assert.Equal("in place", plan.Calls.Single(c => c.Op is BilinearResize).Call.Implementation);
        PlannedCall[] normalised = [.. plan.Calls.Where(c => c.Call.Implementation.StartsWith("normalised", StringComparison.Ordinal))];
        Assert.NotEmpty(normalised);
        Assert.All(normalised,
            c => Assert.Equal("in place", plan.Calls.Single(n => n.Op.Output == ((Convolution)c.Op).X).Call.Implementation));
        Assert.Equal(NativeRuntime.Query().ChannelBlock == 16 && NativeRuntime.Query().OneDnnVersion.Major == 2,
            plan.Calls.Any(c => c.Call.Implementation.Contains("wino", StringComparison.Ordinal)));
    }

    [Fact]
    public void Compile_WithoutShortCuts_TakesMoreMemory()
    {
        var image = new Shape(1, 3, 256, 256);
        using CpuBackend fast = new(new CpuOptions { Threads = 2, Winograd = false }), direct = new(Direct);
        using Plan fused = Labels(fast, image, out _), separate = Labels(direct, image, out _);
        Assert.True(fused.Memory.ActivationBytesUnshared < separate.Memory.ActivationBytesUnshared);
        Assert.DoesNotContain(separate.Calls, c => c.Call.Implementation.Contains("wino", StringComparison.Ordinal)
            || c.Call.Implementation.StartsWith("normalised", StringComparison.Ordinal));
    }

    [Fact]
    public void Forward_Labels_AreTheLargestLogitsAtFullSize()
    {
        var image = new Shape(1, 3, 128, 160);
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using Plan plan = Labels(backend, image, out SunetGraph network);
        plan.Write(network.Image, Pixels(image));
        plan.Run(Phase.Forward);
        var labels = new byte[128 * 160];
        plan.Read(network.Graph.Outputs[^1], labels);
        float[] logits = Logits(backend.Options, image, full: true);
        for (int i = 0; i < labels.Length; i++)
        {
            float largest = Enumerable.Range(0, Spec.Classes).Max(c => logits[(c * labels.Length) + i]);
            Assert.True(logits[(labels[i] * labels.Length) + i] >= largest - (1e-6f * Math.Abs(largest)), $"pixel {i}");
        }
    }

    private static Plan Labels(CpuBackend backend, Shape image, out SunetGraph network)
    {
        network = SunetGraph.ForInference(Spec, image);
        network.AppendArgMax();
        Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(SunetModel.Create(Spec, seed: 3).Read);
        return plan;
    }

    private static float[] Logits(CpuOptions options, Shape image, bool full = false)
    {
        using var backend = new CpuBackend(options);
        SunetGraph network = SunetGraph.ForInference(Spec, image);
        Value wanted = network.Graph.MarkOutput(full ? network.Logits : network.LowLogits);
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(SunetModel.Create(Spec, seed: 3).Read);
        plan.Write(network.Image, Pixels(image));
        plan.Run(Phase.Forward);
        var logits = new float[wanted.Shape.Count];
        plan.Read(wanted, logits);
        return logits;
    }

    private static float[] Pixels(Shape image)
    {
        var random = new Random(9);
        return [.. Enumerable.Range(0, (int)image.Count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }
}
