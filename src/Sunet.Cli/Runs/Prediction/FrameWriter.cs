using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Images;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Writes what was predicted of frames as raw frames to a stream; one at a time.</summary>
/// <param name="stream">Where they go.</param>
/// <param name="format">How pixels lie: grey is class indices, and colours are the frame tinted with its classes.</param>
/// <param name="colours">Of the classes.</param>
internal sealed class FrameWriter(Stream stream, FrameFormat format, ClassColours colours)
{
    private readonly PixelBuffer<uint> tinted = new();
    private byte[] raw = [], borders = [];

    /// <summary>Writes a frame's result.</summary>
    /// <exception cref="IOException">The stream takes no more.</exception>
    public void Write(PipelineImage image)
    {
        Span2D<byte> labels = image.Prediction.Span;
        if (format == FrameFormat.Gray)
        {
            labels.TryGetSpan(out Span<byte> rows);
            stream.Write(rows);
            return;
        }

        Memory2D<uint> overlay = tinted.Reserve(labels.Height, labels.Width);
        Overlay.Tint(image.Pixels.Span, labels, colours, GrowOnly.Reserve(ref borders, labels.Width), overlay.Span);
        overlay.Span.TryGetSpan(out Span<uint> pixels);
        Span<byte> packed = GrowOnly.Reserve(ref raw, pixels.Length * format.PixelBytes);
        format.Pack(pixels, packed);
        stream.Write(packed);
    }
}
