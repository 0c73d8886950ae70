using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>A graph of one layer in the making: the graph, random odd sizes, and values for the layer to read.</summary>
/// <param name="seed">Chooses the shapes.</param>
/// <param name="learnsInput">Whether the layer's inputs are parameters and so receive gradients, too.</param>
internal sealed class LayerBuilder(int seed, bool learnsInput)
{
    /// <summary>The channels of a layer's output.</summary>
    public const int Classes = 5;

    public Random Random { get; } = new(seed);

    public Graph Graph { get; } = new();

    /// <summary>A layer's input of some size; heights and widths of 0 are chosen.</summary>
    public Value Activation(string name, int channels, int height = 0, int width = 0)
    {
        int batch = Random.Next(1, 4);
        var shape = new Shape(batch, channels, height > 0 ? height : Random.Next(5, 20), width > 0 ? width : Random.Next(5, 20));
        return learnsInput ? Graph.Parameter(name, shape) : Graph.Input(name, shape);
    }

    /// <summary>
    /// What a layer that learns nothing reads: learned itself, or made by learned weights, so that there is a gradient to pass on.
    /// </summary>
    public Value Scaled(string name, Shape shape) => learnsInput ? Graph.Parameter(name, shape) : Weighted(name, shape);

    /// <summary>A value that learned weights make of an input.</summary>
    public Value Weighted(string name, Shape shape)
    {
        Value weights = Graph.Parameter(name + ".weight", new Shape(shape.Channels, 3, 1, 1));
        Value x = Graph.Input(name, shape.WithChannels(3));
        return Graph.Add(new Convolution(name + ".conv", x, weights, null, ConvolutionGeometry.Square())).Output;
    }
}
