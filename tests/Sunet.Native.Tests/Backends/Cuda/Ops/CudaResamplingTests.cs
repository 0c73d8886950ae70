using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

public sealed class CudaResamplingTests : EmulatorTest
{
    public static TheoryData<string, Precision> Kinds => new(
        from kind in new[]
        {
            nameof(AveragePool), nameof(AveragePoolGradient), nameof(GlobalAveragePool), nameof(GlobalAveragePoolGradient),
            nameof(BilinearResize), nameof(BilinearResizeGradient), nameof(Softmax), nameof(SoftmaxGradient), nameof(SoftmaxCrossEntropy),
            nameof(SoftmaxCrossEntropyGradient), nameof(ArgMax), nameof(AverageProbabilities),
        }
        from precision in new[] { Precision.Float32, Precision.Bf16 }
        select (kind, precision));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Op_MatchesTheReference(string kind, Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        var options = new SelfTestOptions
        {
            Quick = true,
            Precision = precision == Precision.Bf16 ? Precision.Bf16 : Precision.Float32,
        };
        SelfTestCheck check = OpChecks.Op(backend, kind, options, TestContext.Current.CancellationToken);
        Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
    }

    [Theory]
    [InlineData(Precision.Float32, "_f32")]
    [InlineData(Precision.Bf16, "_bf16")]
    public void ArgMax_OfResizedLogitsThatNothingElseReads_ResizesThemItself(Precision precision, string suffix)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        var alone = new Graph();
        ArgMax fused = Resized(alone, out _);
        Value expected = alone.MarkOutput(fused.Output);
        var read = new Graph();
        ArgMax separate = Resized(read, out Value logits);
        Value actual = read.MarkOutput(separate.Output);
        read.MarkOutput(logits);

        byte[] atOnce = Run(alone, expected, backend, out long small);
        Assert.Equal((1L, 0L), (Emulator.KernelsRun("bilinear_arg_max" + suffix), Emulator.KernelsRun("arg_max_f32")));
        byte[] inTurn = Run(read, actual, backend, out long large);
        Assert.Equal((1L, 1L), (Emulator.KernelsRun("bilinear_arg_max" + suffix), Emulator.KernelsRun("arg_max_f32")));
        Assert.Equal(inTurn, atOnce);
        Assert.True(atOnce.Distinct().Count() > 2);
        Assert.True(
            large - small > logits.Shape.Count * sizeof(float) / 2,
            $"{small} bytes without the logits at full size, {large} with them");
    }

    private static ArgMax Resized(Graph graph, out Value logits)
    {
        var shape = new Shape(2, 21, 5, 6);
        Value low = graph.Add(new Add("low", Phase.Forward, graph.Input("a", shape), graph.Input("b", shape))).Output;
        logits = graph.Add(new BilinearResize("resize", low, (40, 48))).Output;
        return graph.Add(new ArgMax("largest", logits));
    }

    private static byte[] Run(Graph graph, Value classes, CudaBackend backend, out long bytes)
    {
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        var random = new Random(3);
        foreach (Value input in graph.Inputs)
            plan.Write(input, Enumerable.Range(0, (int)input.Shape.Count).Select(_ => random.NextSingle()).ToArray());
        plan.Run(Phase.Forward);
        byte[] found = new byte[classes.Shape.Count];
        plan.Read(classes, found);
        bytes = plan.Memory.TotalBytes;
        return found;
    }
}
