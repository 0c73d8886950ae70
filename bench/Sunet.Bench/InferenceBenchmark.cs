using BenchmarkDotNet.Attributes;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Bench;

/// <summary>Labels of one image of 512 x 512 from its pixels, at one scale, with an output stride of 16.</summary>
public class InferenceBenchmark : IDisposable
{
    private const int Side = 512;
    private readonly Rgb[,] image = new Rgb[Side, Side];
    private readonly byte[,] labels = new byte[Side, Side];
    private CpuBackend? backend;
    private Predictor? predictor;

    [Params("sunet64", "sunet7128")]
    public string Model { get; set; } = "";

    /// <summary>Whether 3x3 convolutions may be made by Winograd's algorithm.</summary>
    [Params(true, false)]
    public bool Winograd { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        backend = new CpuBackend(new CpuOptions { Winograd = Winograd });
        predictor = new Predictor(SunetModel.Create(SunetSpec.Segmenter(Model, classes: 21)), new PredictorOptions(), backend);
        var random = new Random(1);
        for (int i = 0; i < Side * Side; i++)
            image[i / Side, i % Side] = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        predictor.Segment(image, labels);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        predictor?.Dispose();
        backend?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Segment() => predictor!.Segment(image, labels);
}
