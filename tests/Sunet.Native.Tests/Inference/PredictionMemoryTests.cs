using System.Globalization;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cpu.Memory;
using Sunet.Native.Compilation;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Inference;

/// <summary>A prediction that does not fit into memory is refused, before the system has to end the process.</summary>
public sealed class PredictionMemoryTests : IDisposable
{
    private readonly CpuBackend cpu = new(threads: 1);
    private readonly SunetModel model = SunetModel.Create(SmallModel.Spec);

    public void Dispose() => cpu.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Segment_PlanAndResultDoNotFit_IsRefusedToTheByte(bool flip)
    {
        var options = new PredictorOptions { Flip = flip };
        MemoryException refused = Assert.Throws<MemoryException>(() => Segment(options, 500_000));
        const long results = 64 * 64;
        Assert.Contains(results.ToString("N0", CultureInfo.InvariantCulture) + " for results", refused.Message, StringComparison.Ordinal);
        Assert.Contains("smaller batch or image", refused.Message, StringComparison.Ordinal);

        Segment(options, refused.Bytes + results);
        Assert.Throws<MemoryException>(() => Segment(options, refused.Bytes + results - 1));
    }

    [Fact]
    public void Compile_OneLayerAloneDoesNotFit_IsRefusedBeforeItIsPrepared()
    {
        var backend = new FaultyBackend(cpu, failing: 0) { Available = () => 1 << 30 };
        SunetGraph network = SunetGraph.ForInference(model.Spec, new Shape(1, 3, 1 << 20, 1 << 12));
        string message = Assert.Throws<MemoryException>(() => Plan.Compile(network.Graph, backend, new PlanOptions())).Message;
        Assert.Contains("Layer 'features.conv1' alone", message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void PromisedBytes_MemoryPartlyWritten_AreTheRest()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says which pages there are.");
        const int Half = 32 << 20;
        using var memory = new CpuMemory(2 * Half);
        Assert.Equal(2 * Half, memory.PromisedBytes);
        new Span<byte>((void*)memory.Address, Half).Fill(1);
        Assert.Equal(Half, memory.PromisedBytes);
        memory.IsWanted = false;
        Assert.Equal(0, memory.PromisedBytes);
    }

    [Fact]
    public void ReleaseWorkingMemory_TrainerThatHasRun_PromisesItUntilTheNextStepOnly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux takes memory back.");
        using var batches = new FixedBatches(new Shape(2, 3, 256, 256), SmallModel.Spec.Classes);
        using Trainer trainer = SmallModel.Trainer(batches, cpu);
        trainer.Step();
        trainer.ReleaseWorkingMemory();
        trainer.CopyTo(SunetModel.Create(SmallModel.Spec));
        Assert.All(Session(trainer).Arenas, a => Assert.Equal(0, a.PromisedBytes));
        trainer.Step();
        Assert.All(Session(trainer).Arenas, a => Assert.True(a.IsWanted));

        static CpuSession Session(Trainer trainer) => (CpuSession)trainer.Plan.Session;
    }

    private void Segment(PredictorOptions options, long available)
    {
        var backend = new FaultyBackend(cpu) { Available = () => available };
        using var predictor = new Predictor(model, options, backend);
        predictor.Segment(new Rgb[64, 64], new byte[64, 64]);
    }
}
