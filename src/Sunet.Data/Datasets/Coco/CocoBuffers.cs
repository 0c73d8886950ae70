using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Coco;

/// <summary>The memory one thread decodes outlines with, used again from image to image.</summary>
internal sealed class CocoBuffers
{
    private byte[] outline = [];

    /// <summary>Prepares empty buffers.</summary>
    public CocoBuffers() => Decoder = new OutlineDecoder(Canvas);

    /// <summary>Joins the objects.</summary>
    public MaskCanvas Canvas { get; } = new();

    /// <summary>Draws on the canvas.</summary>
    public OutlineDecoder Decoder { get; }

    /// <summary>Memory for an outline's JSON.</summary>
    public Span<byte> Reserve(int length) => GrowOnly.Reserve(ref outline, length);
}
