using System.Security.Cryptography;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Data.Synthetic;
using Sunet.Native.Training;

namespace Sunet.Data.Tests.Loading;

public sealed class BatchLoaderTests : IDisposable
{
    private const int Images = 11;

    private static readonly AugmentationSettings Crop = new(24, 28);

    private readonly TestFolder folder = new();
    private readonly SegmentationDataset dataset;

    public BatchLoaderTests()
    {
        SyntheticDataset.Write(
            folder.Root, new SyntheticSettings { TrainImages = Images, ValImages = 1, Height = 32, Width = 40, Seed = 4 });
        dataset = DatasetReader.Open(folder.Root, "train");
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2, 3, 0L)]
    [InlineData(5, 1, 0L)]
    [InlineData(3, 7, 1L << 20)]
    [InlineData(2, 2, 20_000L)]
    public void Read_AnyWorkersPrefetchAndCache_GivesTheSameBits(int workers, int prefetch, long cache)
    {
        string[] expected = Hashes(new BatchLoaderSettings(3, Crop) { Workers = 1, Prefetch = 1 }, 0, 12);
        Assert.Equal(
            expected, Hashes(new BatchLoaderSettings(3, Crop) { Workers = workers, Prefetch = prefetch, CacheBytes = cache }, 0, 12));
        Assert.Equal(expected.Length, expected.Distinct().Count());
    }

    [Fact]
    public void Read_StartedOrJumpedAnywhere_GivesWhatAnUninterruptedRunGives()
    {
        var settings = new BatchLoaderSettings(3, Crop) { Workers = 2 };
        string[] expected = Hashes(settings, 0, 12);
        for (int start = 1; start < 12; start += 3)
            Assert.Equal(expected[start..], Hashes(settings, start, 12 - start));
        using var loader = new BatchLoader(dataset, settings);
        foreach (int index in new[] { 7, 2, 3, 11, 0, 0 })
        {
            TrainingBatch batch = loader.Read(index);
            Assert.Equal(expected[index], Hash(batch));
            loader.Return(batch);
        }
    }

    [Fact]
    public void Read_JumpingWhileWorkersAreBusy_NeverMixesBatches()
    {
        // Each jump leaves samples under way; none of them may write into the batches of the next place.
        var settings = new BatchLoaderSettings(5, new AugmentationSettings(64, 64)) { Workers = 4, Prefetch = 4 };
        string[] expected = Hashes(settings, 0, 9);
        using var loader = new BatchLoader(dataset, settings);
        for (int jump = 0; jump < 300; jump++)
        {
            int index = jump * 4 % 9;
            TrainingBatch batch = loader.Read(index);
            Assert.Equal(expected[index], Hash(batch));
            loader.Return(batch);
        }
    }

    [Fact]
    public void Read_OneEpoch_HasEveryImageOnceInAnOrderOfItsOwn()
    {
        var settings = new BatchLoaderSettings(1, Crop) { Seed = 5 };
        using var loader = new BatchLoader(dataset, settings);
        Assert.Equal(Images, loader.BatchesPerEpoch);
        string[][] epochs = [Names(loader, 0), Names(loader, 1)];
        Assert.Equal(dataset.Items.Select(item => item.Name), epochs[0].Order());
        Assert.Equal(dataset.Items.Select(item => item.Name), epochs[1].Order());
        Assert.NotEqual(epochs[0], epochs[1]);
        using var other = new BatchLoader(dataset, settings with { Seed = 6 });
        Assert.NotEqual(epochs[0], Names(other, 0));
        using var ordered = new BatchLoader(dataset, settings with { Shuffle = false });
        Assert.Equal(dataset.Items.Select(item => item.Name), Names(ordered, 1));
    }

    [Fact]
    public void Read_AugmentationOff_IsTheSameEveryEpoch()
    {
        var settings = new BatchLoaderSettings(Images, Crop with { Enabled = false }) { Shuffle = false };
        string[] hashes = Hashes(settings, 0, 3);
        Assert.Single(hashes.Distinct());
    }

    [Fact]
    public void Read_ImageCorrupt_ThrowsAtItsBatchAndOnlyThere()
    {
        string path = dataset.Items[4].ImagePath;
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..300]);
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(2, Crop) { Shuffle = false, Workers = 3 });
        loader.Return(loader.Read(0));
        loader.Return(loader.Read(1));
        for (int attempt = 0; attempt < 2; attempt++)
            Assert.Equal(path, Assert.Throws<DataException>(() => loader.Read(2)).Path);
        TrainingBatch next = loader.Read(3);
        Assert.Equal(dataset.Items[6].Name, next.Names[0]);
    }

    [Fact]
    public void Read_SeveralImagesCorrupt_TellsTheFirst()
    {
        foreach (int item in new[] { 1, 2, 5 })
            File.WriteAllText(dataset.Items[item].LabelPath, "no png");
        for (int attempt = 0; attempt < 10; attempt++)
        {
            using var loader = new BatchLoader(dataset, new BatchLoaderSettings(6, Crop) { Shuffle = false, Workers = 4 });
            Assert.Equal(dataset.Items[1].LabelPath, Assert.Throws<DataException>(() => loader.Read(0)).Path);
        }
    }

    [Fact]
    public void Read_Cancelled_ThrowsAndCanBeReadAgain()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(11, new AugmentationSettings(512, 512)) { Workers = 1 });
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => loader.Read(5, cancelled.Token));
        Assert.Equal(Images, loader.Read(5).Names.Length);
    }

    [Fact]
    public void Read_BatchesKept_StillDelivers()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(3, Crop) { Prefetch = 1 });
        TrainingBatch[] kept = [.. Enumerable.Range(0, 8).Select(index => loader.Read(index))];
        Assert.Equal(8, kept.Distinct().Count());
    }

    [Fact]
    public void Return_TwiceOrForeign_IsRefused()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(3, Crop));
        TrainingBatch batch = loader.Read(0);
        loader.Return(batch);
        Assert.Throws<ArgumentException>(() => loader.Return(batch));
        Assert.Throws<ArgumentException>(() => loader.Return(new TrainingBatch(new Native.Tensors.Shape(1, 3, 2, 2), 4)));
    }

    [Fact]
    public void Dispose_WhileWorking_JoinsAndRefusesReads()
    {
        var loader = new BatchLoader(dataset, new BatchLoaderSettings(4, Crop) { Workers = 4 });
        loader.Dispose();
        loader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loader.Read(0));
    }

    [Fact]
    public void Constructor_UnusableSettings_IsConfigurationException()
    {
        var good = new BatchLoaderSettings(2, Crop);
        foreach (BatchLoaderSettings bad in new[]
        {
            good with { BatchSize = 12 }, good with { BatchSize = 0 }, good with { Workers = 0 }, good with { Prefetch = 0 },
            good with { CacheBytes = -1 }, good with { BatchSize = 60000, Augmentation = new AugmentationSettings(4096, 4096) },
        })
        {
            Assert.Throws<ConfigurationException>(() => new BatchLoader(dataset, bad));
        }
    }

    [Fact]
    public void ReadAndReturn_SteadyState_AllocateNothing()
    {
        using var loader = new BatchLoader(dataset, new BatchLoaderSettings(4, Crop) { Workers = 2 });
        using var source = new CancellationTokenSource();
        long index = 0;
        for (; index < 200; index++)
            loader.Return(loader.Read(index, source.Token));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (; index < 400; index++)
            loader.Return(loader.Read(index, source.Token));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string[] Names(BatchLoader loader, int epoch)
    {
        var names = new string[Images];
        for (int i = 0; i < Images; i++)
        {
            TrainingBatch batch = loader.Read((epoch * Images) + i);
            names[i] = batch.Names[0];
            loader.Return(batch);
        }

        return names;
    }

    private string[] Hashes(BatchLoaderSettings settings, long start, int count)
    {
        using var loader = new BatchLoader(dataset, settings, start);
        var hashes = new string[count];
        for (int i = 0; i < count; i++)
        {
            TrainingBatch batch = loader.Read(start + i);
            hashes[i] = Hash(batch);
            loader.Return(batch);
        }

        return hashes;
    }

    private static string Hash(TrainingBatch batch) =>
        Convert.ToHexString(SHA256.HashData([.. batch.Pixels, .. batch.PixelLabels]))
        + string.Concat(batch.Names);
}
