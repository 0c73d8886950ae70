using System.Diagnostics;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Data.Synthetic;
using Sunet.Native.Training;

namespace Sunet.Data.Tests.Loading;

public sealed class AsyncLoaderTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly SegmentationDataset dataset;

    public AsyncLoaderTests()
    {
        SyntheticDataset.Write(folder.Root, new SyntheticSettings { TrainImages = 6, ValImages = 1, Height = 32, Width = 40, Seed = 4 });
        dataset = DatasetReader.Open(folder.Root, "train");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ReadAsync_InOrderAndJumping_GivesWhatReadGives()
    {
        var settings = new BatchLoaderSettings(2, new AugmentationSettings(24, 28)) { Workers = 2, Prefetch = 2 };
        using var reading = new BatchLoader(dataset, settings);
        using var awaiting = new BatchLoader(dataset, settings);
        foreach (int index in new[] { 0, 1, 2, 3, 9, 4, 5, 5, 0 })
        {
            TrainingBatch expected = reading.Read(index, Token), batch = await awaiting.ReadAsync(index, Token);
            Assert.Equal(expected.Pixels, batch.Pixels);
            Assert.Equal(expected.PixelLabels, batch.PixelLabels);
            reading.Return(expected);
            awaiting.Return(batch);
        }
    }

    [Fact]
    public async Task ReadAsync_BatchesKept_StillDelivers()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(3, new AugmentationSettings(24, 28)) { Prefetch = 1 });
        var kept = new HashSet<TrainingBatch>();
        for (int index = 0; index < 6; index++)
            Assert.True(kept.Add(await loader.ReadAsync(index, Token)));
    }

    /// <summary>The batch takes seconds to make; a reader that only looked at its token afterwards would have it.</summary>
    [Fact]
    public async Task ReadAsync_Cancelled_StopsAtOnceAndCanBeReadAgain()
    {
        using BatchLoader loader = Slow();
        using var source = new CancellationTokenSource();
        ValueTask<TrainingBatch> read = loader.ReadAsync(0, source.Token);
        Assert.False(read.IsCompleted);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
        Assert.True(loader.Work.Samples < 6, "the whole batch was made first");
        TrainingBatch batch = await loader.ReadAsync(0, Token);
        Assert.All(batch.Names, name => Assert.NotEqual("", name));
        Assert.True(loader.TimeWaiting > TimeSpan.Zero);
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileJumping_ReadsOnAnywhere()
    {
        using BatchLoader loader = Slow();
        using var source = new CancellationTokenSource();
        ValueTask<TrainingBatch> read = loader.ReadAsync(7, source.Token);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
        TrainingBatch first = await loader.ReadAsync(0, Token);
        using BatchLoader other = Slow();
        Assert.Equal(other.Read(0, Token).Pixels, first.Pixels);
    }

    [Fact]
    public async Task ReadAsync_DisposedMeanwhile_EndsWithObjectDisposed()
    {
        BatchLoader loader = Slow();
        ValueTask<TrainingBatch> read = loader.ReadAsync(0, Token);
        loader.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await read);
    }

    [Fact]
    public async Task ReadAsync_ImageCorrupt_NamesIt()
    {
        File.WriteAllText(dataset.Items[0].ImagePath, "no jpeg");
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(2, new AugmentationSettings(24, 28)) { Shuffle = false });
        var failure = await Assert.ThrowsAsync<DataException>(async () => await loader.ReadAsync(0, Token));
        Assert.Equal(dataset.Items[0].ImagePath, failure.Path);
    }

    [Fact]
    public void TimeWaiting_ReaderSlowerThanTheWorkers_StandsStill()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(2, new AugmentationSettings(24, 28)) { Prefetch = 3 });
        loader.Return(loader.Read(0, Token));
        while (loader.Work.Samples < 8)
            Thread.Sleep(1);
        TimeSpan before = loader.TimeWaiting;
        loader.Return(loader.Read(1, Token));
        Assert.Equal(before, loader.TimeWaiting);
    }

    [Fact]
    public void Work_SomeBatches_CountsSamplesBytesAndTime()
    {
        long start = Stopwatch.GetTimestamp();
        using var loader = new BatchLoader(
            dataset, new BatchLoaderSettings(6, new AugmentationSettings(24, 28)) { Workers = 1, Prefetch = 1 });
        loader.Return(loader.Read(0, Token));
        LoaderWork work = loader.Work;
        long bytes = dataset.Items.Sum(item => new FileInfo(item.ImagePath).Length + new FileInfo(item.LabelPath).Length);
        Assert.True(work.Samples >= 6);
        Assert.True(work.BytesRead >= bytes);
        Assert.True(work.Decoding > TimeSpan.Zero && work.Resampling > TimeSpan.Zero);
        Assert.True(work.Decoding + work.Resampling <= Stopwatch.GetElapsedTime(start));
        Assert.Equal(default, work.Since(work));
    }

    private BatchLoader Slow() =>
        new(dataset, new BatchLoaderSettings(6, new AugmentationSettings(1500, 1500)) { Workers = 1, Prefetch = 1 });
}
