using BenchmarkDotNet.Attributes;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Bench;

/// <summary>
/// One update of SUNet-64 on a batch of two crops of 256 x 256: forward, backward, update; the batch is in memory already.
/// </summary>
public class TrainingStepBenchmark : IDisposable
{
    private CpuBackend? backend;
    private NoiseBatches? batches;
    private Trainer? trainer;

    /// <summary>Whether 3x3 convolutions may be made by Winograd's algorithm.</summary>
    [Params(true, false)]
    public bool Winograd { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        SunetSpec spec = SunetSpec.Segmenter("sunet64", classes: 21);
        backend = new CpuBackend(new CpuOptions { Winograd = Winograd });
        batches = new NoiseBatches(new Shape(2, 3, 256, 256), spec);
        trainer = new Trainer(SunetModel.Create(spec), batches, new TrainerOptions(), backend);
        trainer.Step();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        trainer?.Dispose();
        batches?.Dispose();
        backend?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public TrainingStep Step() => trainer!.Step();
}
