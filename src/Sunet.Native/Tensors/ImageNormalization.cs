namespace Sunet.Native.Tensors;

/// <summary>How 8-bit pixels become network input: (value / 255 - mean) / deviation, channel by channel in the order R, G, B.</summary>
/// <param name="Mean">Three means in [0, 1].</param>
/// <param name="Deviation">Three standard deviations, above 0.</param>
public sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The ImageNet statistics that the authors' checkpoints were trained with.</summary>
    public static ImageNormalization ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>The mean colour as a pixel: what padding is filled with, so that it becomes zero.</summary>
    public Rgb MeanColour => new(ToByte(Mean[0]), ToByte(Mean[1]), ToByte(Mean[2]));

    private static byte ToByte(float value) => (byte)MathF.Round(value * 255f);
}
