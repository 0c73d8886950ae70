using Sunet.Native.Backends.Cpu;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>The same seed gives the same bits, whether or not the run was interrupted.</summary>
[Trait("Processors", "all")]
public sealed class ReproducibilityTests : IDisposable
{
    private const int Steps = 12;
    private readonly CpuBackend backend = new(threads: 2);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(11, 1)]
    [InlineData(5, 2)]
    public void Resume_AfterSomeSteps_EndsInTheBitsOfAnUninterruptedRun(int before, int accumulate)
    {
        TrainerOptions options = SmallModel.Options with { Accumulate = accumulate };
        (string hash, List<double> losses) = Train(options, seed: 3);

        using var folder = new TemporaryFolder();
        using FixedBatches batches = SmallModel.Batches();
        var resumedLosses = new List<double>();
        using (Trainer first = SmallModel.Trainer(batches, backend, options))
        {
            for (int i = 0; i < before; i++)
                resumedLosses.Add(first.Step().Loss);
            first.SaveState(folder["state"], new Dictionary<string, string> { ["best"] = "0.5" });
        }

        using Trainer second = SmallModel.Trainer(batches, backend, options, seed: 99);
        Assert.Equal("0.5", second.Resume(folder["state"])["best"]);
        Assert.Equal(before, second.CompletedSteps);
        while (second.CompletedSteps < Steps)
            resumedLosses.Add(second.Step().Loss);
        Assert.Equal(losses, resumedLosses);
        Assert.Equal(hash, SmallModel.Hash(second));
    }

    [Fact]
    public void Resume_OfWeightsAlone_WouldEndInOtherBits()
    {
        (string hash, _) = Train(SmallModel.Options, seed: 3);
        using FixedBatches batches = SmallModel.Batches();
        using Trainer first = SmallModel.Trainer(batches, backend);
        for (int i = 0; i < 5; i++)
            first.Step();
        var model = Native.Models.SunetModel.Create(SmallModel.Spec);
        first.CopyTo(model);

        // The schedule and the batches go on at the right step, but the velocity is lost.
        using var folder = new TemporaryFolder();
        using (var weightsOnly = new Trainer(model, batches, SmallModel.Options, backend))
        {
            while (weightsOnly.CompletedSteps < Steps)
                weightsOnly.Step();
            Assert.NotEqual(hash, SmallModel.Hash(weightsOnly));
        }
    }

    [Fact]
    public void Step_SameSeedTwice_GivesOneHash()
    {
        (string first, List<double> firstLosses) = Train(SmallModel.Options, seed: 3);
        (string second, List<double> secondLosses) = Train(SmallModel.Options, seed: 3);
        (string other, _) = Train(SmallModel.Options, seed: 4);
        Assert.Equal(first, second);
        Assert.Equal(firstLosses, secondLosses);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Step_SameSeedUnderLoad_GivesTheSameHash()
    {
        (string idle, _) = Train(SmallModel.Options, seed: 3);
        using var stop = new CancellationTokenSource();
        Thread[] load = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
                Thread.SpinWait(1000);
        }))];
        foreach (Thread thread in load)
            thread.Start();
        try
        {
            (string busy, _) = Train(SmallModel.Options, seed: 3);
            Assert.Equal(idle, busy);
        }
        finally
        {
            stop.Cancel();
            foreach (Thread thread in load)
                thread.Join();
        }
    }

    private (string Hash, List<double> Losses) Train(TrainerOptions options, ulong seed)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, options, seed);
        var losses = new List<double>();
        while (trainer.CompletedSteps < Steps)
            losses.Add(trainer.Step().Loss);
        Assert.True(losses[^1] < losses[0], $"The loss went from {losses[0]} to {losses[^1]}: the run does not train.");
        return (SmallModel.Hash(trainer), losses);
    }
}
