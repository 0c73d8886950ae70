using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Pixels as a network takes them, (x / 255 - mean) / deviation: from bytes [N, H, W, 3] to [N, 3, H, W]. A quarter of the bytes then
/// travels to the device. The result may be mirrored left to right. There is no gradient for bytes.
/// </summary>
public sealed class NormalizeImage : Op
{
    private const int Colours = 3;
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="x">The pixels, bytes [N, H, W, 3].</param>
    /// <param name="normalization">Mean and deviation of each colour.</param>
    /// <param name="isMirrored">Whether every row of the result is mirrored.</param>
    /// <exception cref="ConfigurationException">The image is not bytes [N, H, W, 3], or there are not three colours.</exception>
    public NormalizeImage(string name, Value x, ImageNormalization normalization, bool isMirrored = false) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        ArgumentNullException.ThrowIfNull(normalization);
        Require(x.Type == DataType.UInt8 && x.Shape.Rank == 4 && x.Shape[3] == Colours,
            $"input {x.Shape} of {x.Type} is not bytes [N, H, W, 3]");
        Require(normalization.Mean.Count == Colours && normalization.Deviation.Count == Colours && normalization.Deviation.All(d => d > 0),
            "there are three means and three deviations above 0");
        Normalization = normalization;
        IsMirrored = isMirrored;
        AddOutput("", new Shape(x.Shape[0], Colours, x.Shape[1], x.Shape[2]));
    }

    /// <summary>The pixels, bytes [N, H, W, 3].</summary>
    public Value X => x.Value;

    /// <summary>Mean and deviation of each colour.</summary>
    public ImageNormalization Normalization { get; }

    /// <summary>Whether every row of the result is mirrored.</summary>
    public bool IsMirrored { get; }

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override long Flops => 3 * Output.Shape.Count;
}
