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
            double[][] outputs = Compute(op, [.. op.Inputs.Select(i => this[i])]);
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

    private static double[][] Compute(Op op, double[][] x) => op switch
    {
        Convolution c => [ConvolutionLoops.Convolution(c, x)],
        ConvolutionDataGradient c => [ConvolutionLoops.Data(ConvolutionSizes.Of(c.Output.Shape, c.Inputs[1].Shape, c.Inputs[0].Shape, c.Geometry), x[0], x[1])],
        ConvolutionWeightGradient c => [ConvolutionLoops.Weights(ConvolutionSizes.Of(c.Inputs[0].Shape, c.Output.Shape, c.Inputs[1].Shape, c.Geometry), x[0], x[1])],
        TransposedConvolution c => [ConvolutionLoops.Transposed(c, x)],
        TransposedConvolutionDataGradient c => [ConvolutionLoops.Forward(ConvolutionSizes.Of(c.Inputs[0].Shape, c.Inputs[1].Shape, c.Output.Shape, c.Geometry), x[0], x[1])],
        TransposedConvolutionWeightGradient c => [ConvolutionLoops.Weights(ConvolutionSizes.Of(c.Inputs[1].Shape, c.Output.Shape, c.Inputs[0].Shape, c.Geometry), x[1], x[0])],
        ZeroGradient => [new double[op.Output.Shape.Count]],
        BiasGradient => [DenseLoops.SumPerChannel(op.Inputs[0].Shape, x[0])],
        Linear => [DenseLoops.Linear(op, x)],
        LinearDataGradient => [DenseLoops.LinearData(op, x)],
        LinearWeightGradient => [DenseLoops.LinearWeights(op, x)],
        Add => [[.. x[0].Zip(x[1], (a, b) => a + b)]],
        Relu => [Array.ConvertAll(x[0], v => Math.Max(0, v))],
        ReluGradient => [[.. x[0].Zip(x[1], (y, dy) => y > 0 ? dy : 0)]],
        Concat => [DenseLoops.Concat(op, x)],
        ChannelSlice s => [DenseLoops.Slice(s, x[0])],
        BatchNormStatistics => BatchNormLoops.Statistics(op.Inputs[0].Shape, x[0]),
        BatchNormApply b => [BatchNormLoops.Apply(b, x)],
        BatchNormGradient b => BatchNormLoops.Gradient(b, x),
        RunningStatisticsUpdate r => BatchNormLoops.UpdateRunning(r, x),
        AveragePool p => [ResamplingLoops.AveragePool(p, x[0])],
        AveragePoolGradient p => [ResamplingLoops.AveragePoolGradient(p, x[0])],
        GlobalAveragePool => [ResamplingLoops.GlobalAveragePool(op.Inputs[0].Shape, x[0])],
        GlobalAveragePoolGradient => [ResamplingLoops.GlobalAveragePoolGradient(op.Output.Shape, x[0])],
        BilinearResize => [ResamplingLoops.Resize(op.Inputs[0].Shape, op.Output.Shape, x[0])],
        BilinearResizeGradient => [ResamplingLoops.ResizeGradient(op.Output.Shape, op.Inputs[0].Shape, x[0])],
        Softmax => [LossLoops.Softmax(op.Output.Shape, x[0])],
        SoftmaxGradient => [LossLoops.SoftmaxGradient(op.Output.Shape, x[0], x[1])],
        SoftmaxCrossEntropy s => LossLoops.CrossEntropy(s, x),
        SoftmaxCrossEntropyGradient s => [LossLoops.CrossEntropyGradient(s, x)],
        ArgMax => [LossLoops.ArgMax(op.Inputs[0].Shape, x[0])],
        NormalizeImage n => [ImageLoops.Normalize(n, x[0])],
        ConfusionCounts c => ImageLoops.Count(c, x[0], x[1]),
        _ => throw new NotSupportedException($"The reference executor does not know {op.Kind} '{op.Name}'."),
    };
}
