using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>Concatenation along channels: inputs [N, C1, H, W] and [N, C2, H, W]; output [N, C1 + C2, H, W].</summary>
public sealed class Concat : Op
{
    private readonly OpInput a, b;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">Batch, height or width differ.</exception>
    public Concat(string name, Value a, Value b) : base(name, Phase.Forward)
    {
        (this.a, this.b) = (AddInput(a), AddInput(b));
        Require(a.Shape.Rank == 4 && a.Shape.WithChannels(1) == b.Shape.WithChannels(1), $"{a.Shape} and {b.Shape} differ beside channels");
        AddOutput("", a.Shape.WithChannels(a.Shape.Channels + b.Shape.Channels));
    }

    /// <summary>The first channels, [N, C1, H, W].</summary>
    public Value A => a.Value;

    /// <summary>The channels behind those of <see cref="A"/>, [N, C2, H, W].</summary>
    public Value B => b.Value;

    /// <inheritdoc/>
    public override IReadOnlyList<Value> Parts => [A, B];

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        int offset = 0;
        foreach (Value input in Parts)
        {
            if (gradients.Needs(input))
            {
                var slice = new ChannelSlice($"{Name}/d{offset}", dy, offset, input.Shape.Channels);
                gradients.Contribute(input, gradients.Graph.Add(slice).Output);
            }

            offset += input.Shape.Channels;
        }
    }
}

/// <summary>Some consecutive channels: from [N, C, H, W] to [N, count, H, W]. The gradient of <see cref="Concat"/>.</summary>
public sealed class ChannelSlice : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    public ChannelSlice(string name, Value x, int offset, int count) : base(name, Phase.Backward)
    {
        this.x = AddInput(x);
        Require(
            offset >= 0 && count > 0 && offset + count <= x.Shape.Channels, $"channels {offset}..{offset + count} are not in {x.Shape}");
        Offset = offset;
        AddOutput("", x.Shape.WithChannels(count)).SumsToZero = x.SumsToZero;
    }

    /// <summary>What the channels are taken from, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The first channel.</summary>
    public int Offset { get; }

    /// <inheritdoc/>
    public override (Value Of, int Channel)? Slice => (X, Offset);
}
