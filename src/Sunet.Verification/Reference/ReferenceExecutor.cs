using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Verification.Reference;

/// <summary>
/// Runs a graph in float64 with plain loops over row-major arrays: the definition that backends and gradient rules are held against.
/// No two values share memory here, so what a memory plan may overwrite makes no difference.
/// </summary>
internal sealed class ReferenceExecutor(Graph graph)
{
    private readonly Dictionary<Value, double[]> values = [];

    /// <summary>Told after every op and free to change what it wrote: how tests plant bugs.</summary>
    public Action<Op, IReadOnlyList<double[]>>? AfterOp { get; set; }

    /// <summary>The elements of a value that has been written or computed.</summary>
    public double[] this[Value value] => values.TryGetValue(value, out double[]? elements)
        ? elements
        : throw new InvalidOperationException($"'{value.Name}' has not been computed.");

    /// <summary>Writes an input, a parameter or a buffer.</summary>
    public void Write(Value value, IEnumerable<double> elements)
    {
        double[] copy = [.. elements];
        if (copy.Length != value.Shape.Count)
            throw new ArgumentException($"'{value.Name}' {value.Shape} does not have {copy.Length} elements.", nameof(elements));
        values[value] = copy;
    }

    /// <summary>Writes every parameter and buffer from a model, deriving those that passes have made, in float32 as a plan does.</summary>
    public void Load(Func<string, double[]> model)
    {
        foreach (Value value in graph.Parameters.Concat(graph.Buffers))
        {
            if (value.Derivation is null)
            {
                Write(value, model(value.Name));
                continue;
            }

            var derived = new float[value.Shape.Count];
            value.Derivation.Compute(name => Array.ConvertAll(model(name), v => (float)v), derived);
            Write(value, derived.Select(v => (double)v));
        }
    }

    /// <summary>Runs one phase.</summary>
    public void Run(Phase phase)
    {
        foreach (Op op in graph.Ops.Where(o => o.Phase == phase))
        {
            double[][] outputs = Compute(op, value => this[value]);
            for (int i = 0; i < outputs.Length; i++)
                values[op.Outputs[i]] = outputs[i];
            AfterOp?.Invoke(op, outputs);
        }
    }

    /// <summary>Runs all phases.</summary>
    public void Run()
    {
        foreach (Phase phase in Enum.GetValues<Phase>())
            Run(phase);
    }

    /// <summary>The outputs of an op, in its order.</summary>
    /// <param name="op">The op.</param>
    /// <param name="of">Gives the elements of its inputs.</param>
    public static double[][] Compute(Op op, Func<Value, double[]> of) => op switch
    {
        _ when ConvolutionRoles.Of(op) is { } roles => [ConvolutionLoops.Run(op, roles, of)],
        ZeroGradient => [new double[op.Output.Shape.Count]],
        BiasGradient b => [DenseLoops.SumPerChannel(b.Dy.Shape, of(b.Dy))],
        Linear l => [DenseLoops.Linear(l, of)],
        LinearDataGradient l => [DenseLoops.LinearData(l, of)],
        LinearWeightGradient l => [DenseLoops.LinearWeights(l, of)],
        Add a => [[.. of(a.A).Zip(of(a.B), (x, y) => x + y)]],
        Relu r => [Array.ConvertAll(of(r.X), v => Math.Max(0, v))],
        ReluGradient r => [[.. of(r.Y).Zip(of(r.Dy), (y, dy) => y > 0 ? dy : 0)]],
        Concat c => [DenseLoops.Concat(c, of)],
        ChannelSlice s => [DenseLoops.Slice(s, of(s.X))],
        BatchNormStatistics b => BatchNormLoops.Statistics(b.X.Shape, of(b.X)),
        BatchNormApply b => [BatchNormLoops.Apply(b, of)],
        BatchNormGradient b => BatchNormLoops.Gradient(b, of),
        RunningStatisticsUpdate r => BatchNormLoops.UpdateRunning(r, of),
        AveragePool p => [ResamplingLoops.AveragePool(p, of(p.X))],
        AveragePoolGradient p => [ResamplingLoops.AveragePoolGradient(p, of(p.Dy))],
        GlobalAveragePool p => [ResamplingLoops.GlobalAveragePool(p.X.Shape, of(p.X))],
        GlobalAveragePoolGradient p => [ResamplingLoops.GlobalAveragePoolGradient(p.Output.Shape, of(p.Dy))],
        BilinearResize r => [ResamplingLoops.Resize(r.X.Shape, r.Output.Shape, of(r.X))],
        BilinearResizeGradient r => [ResamplingLoops.ResizeGradient(r.Output.Shape, r.Dy.Shape, of(r.Dy))],
        Softmax s => [LossLoops.Softmax(s.X.Shape, of(s.X))],
        SoftmaxGradient s => [LossLoops.SoftmaxGradient(s.Y.Shape, of(s.Y), of(s.Dy))],
        SoftmaxCrossEntropy s => LossLoops.CrossEntropy(s, of),
        SoftmaxCrossEntropyGradient s => [LossLoops.CrossEntropyGradient(s, of)],
        ArgMax a => [LossLoops.ArgMax(a.X.Shape, of(a.X))],
        NormalizeImage n => [ImageLoops.Normalize(n, of(n.X))],
        ConfusionCounts c => ImageLoops.Count(c, of(c.Labels), of(c.Predictions)),
        _ => throw new NotSupportedException($"The reference executor does not know {op.Kind} '{op.Name}'."),
    };
}
