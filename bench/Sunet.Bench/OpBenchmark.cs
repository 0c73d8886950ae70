using BenchmarkDotNet.Attributes;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Passes;
using Sunet.Native.Graphs;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Bench;

/// <summary>Single layers forward and backward (all gradients), on shapes of SUNet-64 at 512 x 512 and an output stride of 16.</summary>
public class OpBenchmark : IDisposable
{
    private const string Layer = "layer", Loss = "loss";
    private CpuBackend? backend;
    private Plan? plan;
    private PreparedCall[] forward = [], backward = [];

    [Params("conv 3x3", "conv 1x1", "conv 3x3 dilated 4", "transposed conv", "batch norm + relu",
        "average pool", "resize", "cross-entropy")]
    public string Op { get; set; } = "";

    /// <summary>Whether 3x3 convolutions may be made by Winograd's algorithm.</summary>
    [Params(true, false)]
    public bool Winograd { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Graph graph = Build();
        backend = new CpuBackend(new CpuOptions { Winograd = Winograd });
        plan = Plan.Compile(graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        var random = new Random(1);
        foreach (Value value in graph.Parameters.Concat(graph.Buffers))
        {
            var elements = new float[value.Shape.Count];
            for (int i = 0; i < elements.Length; i++)
                elements[i] = random.NextSingle() - 0.5f;
            plan.Write(value, elements);
        }

        plan.Run(Phase.Forward);
        plan.Run(Phase.Backward);
        string timed = Op == "cross-entropy" ? Loss : Layer;
        forward = CallsOf(timed, Phase.Forward);
        backward = CallsOf(timed, Phase.Backward);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        plan?.Dispose();
        backend?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Forward() => Run(forward);

    [Benchmark]
    public void Backward() => Run(backward);

    private static void Run(PreparedCall[] calls)
    {
        foreach (PreparedCall call in calls)
            call.Run();
    }

    private PreparedCall[] CallsOf(string layer, Phase phase)
    {
        PreparedCall[] calls = [.. plan!.Calls
            .Where(c => c.Op.Phase == phase && (c.Op.Name == layer || c.Op.Name.StartsWith(layer + "/", StringComparison.Ordinal)))
            .Select(c => c.Call)];
        return calls.Length > 0 ? calls : throw new InvalidOperationException($"'{Op}' has no call {phase}.");
    }

    /// <summary>
    /// The layer between a convolution of an image, which gives the layout inside a network, and a loss, whose gradient it gets.
    /// </summary>
    private Graph Build()
    {
        var graph = new Graph();
        var layers = new LayerBuilder(graph, BatchNormMode.Training, batchNormMomentum: 0.01f);
        Value y = Op switch
        {
            "conv 3x3" => layers.Convolution(Layer, Input(graph, 64, 64), 64, kernel: 3),
            "conv 1x1" => layers.Convolution(Layer, Input(graph, 256, 64), 64, kernel: 1),
            "conv 3x3 dilated 4" => layers.Convolution(Layer, Input(graph, 64, 32), 64, kernel: 3, dilation: 4),
            "transposed conv" => layers.TransposedConvolution(Layer, Input(graph, 64, 64), 64, stride: 2, dilation: 1, (128, 128)),
            "batch norm + relu" => layers.BatchNormRelu(Layer, Input(graph, 256, 128)),
            "average pool" => graph.Add(new AveragePool(Layer, Input(graph, 256, 128), window: 2)).Output,
            "resize" => graph.Add(new BilinearResize(Layer, Input(graph, 21, 32), (512, 512))).Output,
            "cross-entropy" => Input(graph, 21, 512),
            _ => throw new InvalidOperationException($"There is no op '{Op}'."),
        };
        Shape s = y.Shape;
        Value labels = graph.Input("labels", new Shape(s.Batch, s.Height, s.Width), DataType.Int32);
        SoftmaxCrossEntropy loss = graph.Add(new SoftmaxCrossEntropy(Loss, y, labels, SoftmaxCrossEntropy.DefaultIgnoreLabel));
        graph.MarkOutput(loss.Loss);
        FuseRelu.Run(graph);
        Differentiator.Differentiate(graph, loss.Loss, Add.OfGradients);
        return graph;
    }

    private static Value Input(Graph graph, int channels, int side)
    {
        Value image = graph.Parameter("image", new Shape(1, 3, side, side));
        Value weights = graph.Parameter("input.weight", new Shape(channels, 3, 1, 1));
        return graph.Add(new Convolution("input", image, weights, null, ConvolutionGeometry.Square())).Output;
    }
}
