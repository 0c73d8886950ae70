using Sunet.Data.Augmentation;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Data.Synthetic;
using Sunet.Native.Training;
using Sunet.Tests.Lifetimes;

namespace Sunet.Data.Tests;

/// <summary>Every public member of what is disposed: refused afterwards, or as it was.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void Assembly_EveryDisposableType_IsTested() =>
        Assert.Equal([nameof(BatchLoader)], Lifetime.Disposables(typeof(BatchLoader).Assembly));

    [Fact]
    public void Member_DisposedBatchLoader_IsRefusedOrAnswers()
    {
        using var folder = new TestFolder();
        SyntheticDataset.Write(folder.Root, new SyntheticSettings { TrainImages = 4, ValImages = 1, Height = 32, Width = 40, Seed = 4 });
        var loader = new BatchLoader(
            DatasetReader.Open(folder.Root, "train"), new BatchLoaderSettings(2, new AugmentationSettings(24, 28)));
        var lent = new Stack<TrainingBatch>([loader.Read(0), loader.Read(1)]);
        new Lifetime(typeof(BatchLoader), loader)
            .Answers("ImageShape", () => _ = loader.ImageShape)
            .Answers("GivesBytes", () => _ = loader.GivesBytes)
            .Answers("BatchesPerEpoch", () => _ = loader.BatchesPerEpoch)
            .Answers("TimeWaiting", () => _ = loader.TimeWaiting)
            .Answers("Return(TrainingBatch)", () => loader.Return(lent.Pop()))
            .Refuses("Read(Int64, CancellationToken)", () => loader.Read(2))
            .Refuses("ReadAsync(Int64, CancellationToken)", async () => await loader.ReadAsync(2))
            .Check();
        Assert.Null(Record.Exception(() => loader.Work));
    }
}
