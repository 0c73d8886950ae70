using BenchmarkDotNet.Attributes;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Bench;

/// <summary>
/// What a prediction costs beside the network, on one thread: reading a photograph of 360 x 480, writing its label map and its overlay.
/// The photograph is drawn: waves with grain, as JPEG of quality 95 with colour in full, about as many bytes as a real one.
/// </summary>
public class HostBenchmark : IDisposable
{
    private const int Height = 360, Width = 480, Classes = 11;
    private readonly string folder = Directory.CreateTempSubdirectory("sunet-host-").FullName;
    private readonly byte[,] labels = new byte[Height, Width];
    private readonly ClassColours colours = ClassColours.ForNames([]);
    private readonly DecodeScratch scratch = new();
    private readonly PixelBuffer<Rgb> pixels = new();
    private readonly IndexPngEncoder labelEncoder = new();
    private readonly OverlayEncoder overlayEncoder = new();
    private Rgb[,] image = new Rgb[Height, Width];

    [GlobalSetup]
    public void Setup()
    {
        const int Grain = 16;
        var random = new Random(1);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                double wave = Math.Sin((x / 37.0) + (2 * Math.Sin(y / 53.0))) + Math.Cos((y / 29.0) + Math.Sin(x / 41.0));
                labels[y, x] = (byte)((wave + 2) / 4 * (Classes - 1));
                int light = (int)(128 + (50 * wave)) + random.Next(Grain);
                image[y, x] = new Rgb((byte)light, (byte)(light * 3 / 4), (byte)(255 - light));
            }
        }

        ImageWriter.WriteJpeg(Photograph, image);
        image = ImageFile.Load(Photograph).ToArray();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        labelEncoder.Dispose();
        overlayEncoder.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public int ReadImage() => ImageFile.Load(Photograph, ImageFile.DefaultPixelCap, scratch, pixels).Height;

    [Benchmark]
    public void WriteLabels() => labelEncoder.Write(Path.Combine(folder, "labels.png"), labels);

    [Benchmark]
    public void WriteOverlay() => overlayEncoder.Write(Path.Combine(folder, "overlay.jpg"), image, labels, colours);

    private string Photograph => Path.Combine(folder, "photograph.jpg");
}
