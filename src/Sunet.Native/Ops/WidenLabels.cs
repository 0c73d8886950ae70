using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Labels as a loss reads them, int32, from labels as label maps store them, bytes, both [N, H, W]. A quarter of the bytes then travels to
/// the device. There is no gradient for labels.
/// </summary>
public sealed class WidenLabels : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The labels are not bytes [N, H, W].</exception>
    public WidenLabels(string name, Value x) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Type == DataType.UInt8 && x.Shape.Rank == 3, $"labels {x.Shape} of {x.Type} are not bytes [N, H, W]");
        AddOutput("", x.Shape, DataType.Int32);
    }

    /// <summary>The labels, bytes [N, H, W].</summary>
    public Value X => x.Value;
}
