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
internal sealed class LayerBuilder
{
    private readonly float batchNormMomentum;
    private readonly string place;
    private readonly Dictionary<string, Value> declared;
    private readonly Dictionary<string, Value> own;

    /// <param name="graph">What is added to.</param>
    /// <param name="mode">Where batch normalisation takes its statistics from.</param>
    /// <param name="batchNormMomentum">The weight of a batch in the running statistics.</param>
    public LayerBuilder(Graph graph, BatchNormMode mode, float batchNormMomentum) : this(graph, mode, batchNormMomentum, "", [], [])
    {
    }

    private LayerBuilder(
        Graph graph, BatchNormMode mode, float batchNormMomentum, string place, Dictionary<string, Value> declared,
        Dictionary<string, Value> own)
    {
        (Graph, Mode) = (graph, mode);
        (this.batchNormMomentum, this.place) = (batchNormMomentum, place);
        (this.declared, this.own) = (declared, own);
    }

    public Graph Graph { get; }

    public BatchNormMode Mode { get; }

    /// <summary>What has been built so far at each depth of the network, in running order.</summary>
    public List<NetworkLevel> Levels { get; } = [];

    /// <summary>A builder of the same network once more, of the same size: its layers read the values that are there.</summary>
    /// <param name="name">What follows the names of its ops.</param>
    public LayerBuilder Repeated(string name) => new(Graph, Mode, batchNormMomentum, name, declared, own);

    /// <summary>
    /// A builder of the same network once more, of another size: its layers read the same parameters and buffers, in a format of their own
    /// where a backend wants that.
    /// </summary>
    /// <param name="name">What follows the names of its ops.</param>
    public LayerBuilder Resized(string name) => new(Graph, Mode, batchNormMomentum, name, declared, []);

    /// <summary>The name of an op: the layer's, and what tells the network apart.</summary>
    public string OpName(string layer) => layer + place;

    public Value Convolution(string name, Value x, int channels, int kernel, int stride = 1, int dilation = 1)
    {
        Value weights = Parameter(name + ".weight", new Shape(channels, x.Shape.Channels, kernel, kernel));
        Value bias = Parameter(name + ".bias", new Shape(channels));
        return Graph.Add(new Convolution(OpName(name), x, weights, bias,
            ConvolutionGeometry.Square(stride, dilation, dilation * (kernel / 2)))).Output;
    }

    public Value TransposedConvolution(string name, Value x, int channels, int stride, int dilation, (int H, int W) size)
    {
        Value weights = Parameter(name + ".weight", new Shape(x.Shape.Channels, channels, 3, 3));
        Value bias = Parameter(name + ".bias", new Shape(channels));
        ConvolutionGeometry geometry = ConvolutionGeometry.Square(stride, dilation, dilation);
        return Graph.Add(new TransposedConvolution(OpName(name), x, weights, bias, geometry, size)).Output;
    }

    /// <summary>Batch normalisation called <paramref name="name"/> and a ReLU behind it.</summary>
    public Value BatchNormRelu(string name, Value x) => Graph.Add(new Relu(OpName(name + "/relu"), BatchNorm(name, x))).Output;

    public Value Linear(string name, Value x, int outputs)
    {
        Value weights = Parameter(name + ".weight", new Shape(outputs, x.Shape.Channels));
        return Graph.Add(new Linear(OpName(name), x, weights, Parameter(name + ".bias", new Shape(outputs)))).Output;
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
        Value gamma = Parameter(name + ".weight", channels);
        Value beta = Parameter(name + ".bias", channels);
        Value runningMean = Buffer(name + ".running_mean", channels);
        Value runningVariance = Buffer(name + ".running_var", channels);
        string opName = OpName(name);
        if (Mode != BatchNormMode.Training)
            return Graph.Add(new BatchNormApply(opName, x, runningMean, runningVariance, gamma, beta, batchStatistics: false)).Output;

        BatchNormStatistics statistics = Graph.Add(new BatchNormStatistics(opName, x));
        long count = x.Shape.Count / x.Shape.Channels;
        Graph.Add(new RunningStatisticsUpdate(opName, statistics.Mean, statistics.Variance, runningMean, runningVariance, count,
            batchNormMomentum));
        return Graph.Add(new BatchNormApply(opName, x, statistics.Mean, statistics.Variance, gamma, beta, batchStatistics: true)).Output;
    }

    private Value Parameter(string name, Shape shape) => Find(name) ?? Declare(Graph.Parameter(name, shape));

    private Value Buffer(string name, Shape shape) => Find(name) ?? Declare(Graph.Buffer(name, shape));

    /// <summary>A value that the network has already, of this size or of another.</summary>
    private Value? Find(string name)
    {
        if (!own.TryGetValue(name, out Value? value) && declared.TryGetValue(name, out value))
            own.Add(name, value = Graph.Again(value));
        return value;
    }

    private Value Declare(Value value)
    {
        declared.Add(value.Name, value);
        own.Add(value.Name, value);
        return value;
    }
}
