using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>Concatenation along channels: inputs [N, C1, H, W] and [N, C2, H, W]; output [N, C1 + C2, H, W].</summary>
public sealed class Concat : Op
{
    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">Batch, height or width differ.</exception>
    public Concat(string name, Value a, Value b) : base(name, Phase.Forward, a, b)
    {
        Require(a.Shape.Rank == 4 && a.Shape.WithChannels(1) == b.Shape.WithChannels(1), $"{a.Shape} and {b.Shape} differ beside channels");
        Declare(("", a.Shape.WithChannels(a.Shape.Channels + b.Shape.Channels)));
    }

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        int offset = 0;
        foreach (Value input in Inputs)
        {
            if (gradients.Needs(input))
                gradients.Contribute(input, gradients.Graph.Add(new ChannelSlice($"{Name}/d{offset}", dy, offset, input.Shape.Channels)).Output);
            offset += input.Shape.Channels;
        }
    }
}

/// <summary>Some consecutive channels: from [N, C, H, W] to [N, count, H, W]. The gradient of <see cref="Concat"/>.</summary>
public sealed class ChannelSlice : Op
{
    /// <summary>Creates the op.</summary>
    public ChannelSlice(string name, Value x, int offset, int count) : base(name, Phase.Backward, x)
    {
        Require(offset >= 0 && count > 0 && offset + count <= x.Shape.Channels, $"channels {offset}..{offset + count} are not in {x.Shape}");
        Offset = offset;
        Declare(("", x.Shape.WithChannels(count)));
        Output.SumsToZero = x.SumsToZero;
    }

    /// <summary>The first channel.</summary>
    public int Offset { get; }
}
