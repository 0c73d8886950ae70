using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Models.Networks;

/// <summary>
/// The u-net module (Figure 1), its dilated forms (Figure 2), and, with one level, the u-net+ module of the last block: down-sampling
/// convolutions, up-sampling transposed convolutions with skip connections, and a residual connection around the whole, every
/// convolution behind batch-norm and ReLU.
/// </summary>
internal sealed class UNetModule
{
    private readonly LayerBuilder layers;
    private readonly string name;
    private readonly int outputs;
    private readonly int filters;
    private readonly int levels;
    private readonly int rate;
    private readonly bool multigrid;

    /// <param name="layers">Where layers are added.</param>
    /// <param name="name">State-dict prefix, such as <c>features.unet1_0</c>.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="filters">Channels inside.</param>
    /// <param name="levels">2, or 1 for u-net+.</param>
    /// <param name="rate">0 for a strided module; 2 or more is the dilation of a dilated one.</param>
    /// <param name="multigrid">Whether a dilated module doubles its dilation and drops its strides.</param>
    public UNetModule(LayerBuilder layers, string name, int outputs, int filters, int levels, int rate, bool multigrid)
    {
        this.layers = layers;
        this.name = name;
        this.outputs = outputs;
        this.filters = filters;
        this.levels = levels;
        this.rate = rate;
        this.multigrid = multigrid;
    }

    private bool Dilated => rate >= 2;

    private int Stride => Dilated && multigrid ? 1 : 2;

    public Value Build(Value x)
    {
        bool widens = x.Shape.Channels != outputs;
        Value entry = widens ? layers.BatchNormRelu($"{name}.bn.bn0", x) : x;
        var skips = new List<Value> { entry };
        for (int level = 0; level < levels; level++)
        {
            Value down = Down(level, skips[^1], normaliseFirst: level == 0 && !widens);
            skips.Add(layers.Level(name, $"{name}.down.{level}", down));
        }

        Value result = skips[^1];
        for (int level = levels - 1; level >= 0; level--)
        {
            result = Up(level, result, (skips[level].Shape.Height, skips[level].Shape.Width));
            layers.Level(name, $"{name}.up.{level}", result);
            if (level > 0)
                result = layers.Graph.Add(new Concat(layers.OpName($"{name}.up.{level}.cat"), result, skips[level])).Output;
        }

        Value shortcut = widens ? layers.Convolution($"{name}.upsample.conv0", entry, outputs, kernel: 1) : x;
        return layers.Level(name, name, layers.Graph.Add(new Add(layers.OpName($"{name}.sum"), Phase.Forward, result, shortcut)).Output);
    }

    private (int First, int Second) Dilations(int level)
    {
        if (!Dilated)
            return (1, 1);
        int first = multigrid ? rate << level : rate;
        return (first, multigrid ? 2 * first : first);
    }

    private Value Down(int level, Value x, bool normaliseFirst)
    {
        string prefix = $"{name}.down.{level}";
        (int first, int second) = Dilations(level);
        if (level == 0)
        {
            if (normaliseFirst)
                x = layers.BatchNormRelu($"{prefix}.bn0", x);
            x = layers.Convolution($"{prefix}.conv0", x, filters, kernel: 1);
        }

        x = layers.BatchNormRelu($"{prefix}.bn1", x);
        x = layers.Convolution($"{prefix}.conv1", x, filters, kernel: 3, Stride, first);
        x = layers.BatchNormRelu($"{prefix}.bn2", x);
        return layers.Convolution($"{prefix}.conv2", x, filters, kernel: 3, stride: 1, second);
    }

    private Value Up(int level, Value x, (int H, int W) size)
    {
        string prefix = $"{name}.up.{level}";
        (int first, int second) = Dilations(level);
        x = layers.BatchNormRelu($"{prefix}.bn0", x);
        x = layers.TransposedConvolution($"{prefix}.deconv0", x, filters, Stride, second, size);
        x = layers.BatchNormRelu($"{prefix}.bn1", x);
        x = layers.Convolution($"{prefix}.deconv1", x, filters, kernel: 3, stride: 1, first);
        if (level > 0)
            return x;
        x = layers.BatchNormRelu($"{prefix}.bn2", x);
        return layers.Convolution($"{prefix}.conv2", x, outputs, kernel: 1);
    }
}
