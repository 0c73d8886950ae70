using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Networks;

/// <summary>Where batch normalisation takes its statistics from.</summary>
internal enum BatchNormMode
{
    /// <summary>From the batch; running statistics follow it.</summary>
    Training,

    /// <summary>From the running statistics, which stay as they are, while gradients flow: fine-tuning with frozen batch-norm.</summary>
    Frozen,

    /// <summary>From the running statistics, for prediction.</summary>
    Inference,
}

/// <summary>Adds layers with their parameters to a graph, under the names of PyTorch's state dict.</summary>
internal sealed class LayerBuilder(Graph graph, BatchNormMode mode, float batchNormMomentum)
{
    public Graph Graph { get; } = graph;

    public BatchNormMode Mode { get; } = mode;

    /// <summary>What has been built so far at each depth of the network, in running order.</summary>
    public List<NetworkLevel> Levels { get; } = [];

    public Value Convolution(string name, Value x, int channels, int kernel, int stride = 1, int dilation = 1)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(channels, x.Shape.Channels, kernel, kernel));
        Value bias = Graph.Parameter(name + ".bias", new Shape(channels));
        return Graph.Add(new Convolution(name, x, weights, bias,
            ConvolutionGeometry.Square(stride, dilation, dilation * (kernel / 2)))).Output;
    }

    public Value TransposedConvolution(string name, Value x, int channels, int stride, int dilation, (int H, int W) size)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(x.Shape.Channels, channels, 3, 3));
        Value bias = Graph.Parameter(name + ".bias", new Shape(channels));
        ConvolutionGeometry geometry = ConvolutionGeometry.Square(stride, dilation, dilation);
        return Graph.Add(new TransposedConvolution(name, x, weights, bias, geometry, size)).Output;
    }

    /// <summary>Batch normalisation called <paramref name="name"/> and a ReLU behind it.</summary>
    public Value BatchNormRelu(string name, Value x) => Graph.Add(new Relu(name + "/relu", BatchNorm(name, x))).Output;

    public Value Linear(string name, Value x, int outputs)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(outputs, x.Shape.Channels));
        return Graph.Add(new Linear(name, x, weights, Graph.Parameter(name + ".bias", new Shape(outputs)))).Output;
    }

    /// <summary>Notes a value as what the network has come to at one of its depths.</summary>
    /// <returns>The value itself.</returns>
    public Value Level(string group, string name, Value x)
    {
        Levels.Add(new NetworkLevel(group, name, x));
        return x;
    }

    private Value BatchNorm(string name, Value x)
    {
        var channels = new Shape(x.Shape.Channels);
        Value gamma = Graph.Parameter(name + ".weight", channels);
        Value beta = Graph.Parameter(name + ".bias", channels);
        Value runningMean = Graph.Buffer(name + ".running_mean", channels);
        Value runningVariance = Graph.Buffer(name + ".running_var", channels);
        if (Mode != BatchNormMode.Training)
            return Graph.Add(new BatchNormApply(name, x, runningMean, runningVariance, gamma, beta, batchStatistics: false)).Output;

        BatchNormStatistics statistics = Graph.Add(new BatchNormStatistics(name, x));
        long count = x.Shape.Count / x.Shape.Channels;
        Graph.Add(new RunningStatisticsUpdate(name, statistics.Mean, statistics.Variance, runningMean, runningVariance, count,
            batchNormMomentum));
        return Graph.Add(new BatchNormApply(name, x, statistics.Mean, statistics.Variance, gamma, beta, batchStatistics: true)).Output;
    }
}
