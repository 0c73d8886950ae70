using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>
/// What one thread reads images with and writes label maps and overlays with, in memory that is used again. Two threads have one each.
/// </summary>
internal sealed class PredictionBuffers : IDisposable
{
    private readonly DecodeScratch scratch = new();
    private readonly PixelBuffer<Rgb> pixels = new();

    /// <summary>Writes label maps.</summary>
    public IndexPngEncoder Labels { get; } = new();

    /// <summary>Writes overlays.</summary>
    public OverlayEncoder Overlay { get; } = new();

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger images are refused.</param>
    /// <returns>[H, W], valid until the next call.</returns>
    /// <exception cref="DataException">The file cannot be read, or holds no sound image.</exception>
    public Memory2D<Rgb> Load(string path, long pixelCap) => ImageFile.Load(path, pixelCap, scratch, pixels);

    /// <summary>Frees what the encoders hold.</summary>
    public void Dispose()
    {
        Labels.Dispose();
        Overlay.Dispose();
    }
}
