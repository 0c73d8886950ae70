using Microsoft.Extensions.Logging;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Native.Hosting.Tests;

/// <summary>What becomes of requests, whatever others do meanwhile.</summary>
public sealed class SegmentationServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly TestFolder folder = new();
    private readonly EventLog log = new();
    private readonly CpuBackend cpu = new(threads: 1);
    private readonly SemaphoreSlim compiling = new(0), goOn = new(0);

    public void Dispose()
    {
        cpu.Dispose();
        folder.Dispose();
        compiling.Dispose();
        goOn.Dispose();
    }

    [Fact]
    public async Task SegmentAsync_OfManyThreads_GivesEachTheLabelsOfItsImage()
    {
        const int Requests = 60;
        await using SegmentationService service = Service();
        using var predictor = new Predictor(TinyModel.Model, new PredictorOptions(), cpu);
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, cancellation) =>
        {
            Rgb[,] image = TinyModel.Image(number);
            byte[,] labels = TinyModel.Labels(image), expected = TinyModel.Labels(image);
            await service.SegmentAsync(image, labels, cancellation);
            predictor.Segment(image, expected, cancellation: cancellation);
            Assert.Equal(expected, labels);
        });
    }

    [Fact]
    public async Task SegmentAsync_BytesOfAnotherLibrary_HaveTheLabelsOfTheImage()
    {
        await using SegmentationService service = Service();
        Rgb[,] image = TinyModel.Image(2);
        byte[,] expected = TinyModel.Labels(image), labels = TinyModel.Labels(image);
        await service.SegmentAsync(image, expected);
        byte[] bytes = [.. image.Cast<Rgb>().SelectMany(p => new[] { p.B, p.G, p.R, (byte)9 })];
        var layout = new ImageLayout(image.GetLength(0), image.GetLength(1), PixelFormat.Bgra);
        await service.SegmentAsync(bytes, layout, labels);
        Assert.Equal(expected, labels);
        await Assert.ThrowsAsync<ArgumentException>(() => service.SegmentAsync(bytes.AsMemory(1), layout, labels));
    }

    [Fact]
    public async Task SegmentAsync_AnImageThatFails_FailsAlone()
    {
        await using SegmentationService service = Service();
        Rgb[,] image = TinyModel.Image(1);
        Task[] good = [.. Enumerable.Range(0, 5).Select(_ => service.SegmentAsync(image, TinyModel.Labels(image)))];
        await Assert.ThrowsAsync<ArgumentException>(() => service.SegmentAsync(image, new byte[1, 1]));
        await Task.WhenAll(good).WaitAsync(Patience);
        await service.SegmentAsync(image, TinyModel.Labels(image)).WaitAsync(Patience);
        (_, LogLevel level, string text, Exception? failure) =
            Assert.Single(log.Events, e => e.Id == SegmentationEvents.ImageFailedId);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("40 x 48", text, StringComparison.Ordinal);
        Assert.IsType<ArgumentException>(failure);
    }

    [Fact]
    public async Task SegmentAsync_CancelledWhileItWaits_EndsAtOnceAndTouchesNothing()
    {
        await using SegmentationService service = Blocked();
        Rgb[,] image = TinyModel.Image(0);
        using var cancelling = new CancellationTokenSource();
        Task[] taken = await FillAsync(service, image, cancelling.Token);
        byte[,] labels = TinyModel.Labels(image);
        labels[0, 0] = 77;
        Task waits = service.SegmentAsync(image, labels, cancelling.Token);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.WaitAsync(Patience));

        // Those whose prediction has begun are finished.
        Assert.All(taken, task => Assert.False(task.IsCompleted));
        goOn.Release(int.MaxValue / 2);
        await Task.WhenAll(taken).WaitAsync(Patience);
        Assert.Equal(77, labels[0, 0]);
    }

    [Fact]
    public async Task DisposeAsync_WithRequests_FinishesThoseAcceptedAndRefusesTheOthers()
    {
        SegmentationService service = Blocked(capacity: 1);
        Rgb[,] image = TinyModel.Image(0);
        Task[] taken = await FillAsync(service, image, CancellationToken.None);
        Task accepted = service.SegmentAsync(image, TinyModel.Labels(image));
        Task withoutRoom = service.SegmentAsync(image, TinyModel.Labels(image));
        Assert.False(withoutRoom.IsCompleted);
        Task disposing = service.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => withoutRoom.WaitAsync(Patience));
        Assert.False(disposing.IsCompleted);
        goOn.Release(int.MaxValue / 2);
        await Task.WhenAll([.. taken, accepted, disposing]).WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => service.SegmentAsync(image, TinyModel.Labels(image)));
        service.Dispose();
        Assert.Equal([SegmentationEvents.OpenedId, SegmentationEvents.ClosedId], log.Events.Select(e => e.Id));
        Assert.Contains($"{taken.Length + 1} images", log.Events.Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WarmUpAsync_ASize_IsCompiledForItsRequests()
    {
        int compiled = 0;
        await using SegmentationService service = Service(options => options.OpenBackend =
            () => new FaultyBackend(cpu) { Opening = _ => Interlocked.Increment(ref compiled) });
        Rgb[,] image = TinyModel.Image(0);
        await service.WarmUpAsync(image.GetLength(0), image.GetLength(1));
        int before = compiled;
        Assert.True(before > 0);
        for (int i = 0; i < 4; i++)
            await service.SegmentAsync(image, TinyModel.Labels(image));
        Assert.Equal(before, compiled);
        Assert.Contains(log.Events, e => e.Id == SegmentationEvents.WarmedUpId);
    }

    [Fact]
    public void Constructor_OptionsThatMakeNoSense_AreOneSentence()
    {
        Assert.Contains("Weights", Refused<ConfigurationException>(o => o.Weights = "").Message, StringComparison.Ordinal);
        Assert.Contains("not 0", Refused<ConfigurationException>(o => o.Capacity = 0).Message, StringComparison.Ordinal);
        Assert.Contains("stream", Refused<ConfigurationException>(
            o => o.Stream = o.Stream with { Concurrency = -1 }).Message, StringComparison.Ordinal);
        Assert.Contains("pixel", Refused<ConfigurationException>(o => o.WarmUpSizes.Add((0, 5))).Message, StringComparison.Ordinal);
        string missing = Path.Combine(folder.Root, "missing.safetensors");
        Assert.Contains(missing, Refused<CheckpointException>(o => o.Weights = missing).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SegmentAsync_WithALogThatFails_IsAnsweredAllTheSame()
    {
        var backend = new CpuBackend(threads: 1);
        var options = new SegmentationServiceOptions { Weights = TinyModel.SaveIn(folder), OpenBackend = () => backend };
        var service = new SegmentationService(options, new EventLog { Failing = SegmentationEvents.ImageFailedId });
        Rgb[,] image = TinyModel.Image(1);
        await Assert.ThrowsAsync<ArgumentException>(() => service.SegmentAsync(image, new byte[1, 1]).WaitAsync(Patience));

        // The failure of the log ends the service, which says so and lets go of what it has.
        while (await Record.ExceptionAsync(() => service.SegmentAsync(image, TinyModel.Labels(image)).WaitAsync(Patience)) is null)
            await Task.Yield();
        await service.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Throws<ObjectDisposedException>(() => new Predictor(TinyModel.Model, new PredictorOptions(), backend)
            .Segment(image, TinyModel.Labels(image)));
    }

    private T Refused<T>(Action<SegmentationServiceOptions> change)
        where T : Exception
    {
        // The device is disposed with the service that could not be made.
        var backend = new CpuBackend(threads: 1);
        var options = new SegmentationServiceOptions { Weights = TinyModel.SaveIn(folder), OpenBackend = () => backend };
        change(options);
        return Assert.Throws<T>(() => new SegmentationService(options));
    }

    private SegmentationService Service(Action<SegmentationServiceOptions>? change = null)
    {
        var options = new SegmentationServiceOptions { Weights = TinyModel.SaveIn(folder), OpenBackend = () => new FaultyBackend(cpu) };
        change?.Invoke(options);
        return new SegmentationService(options, log);
    }

    /// <summary>A service whose first image waits, while it is compiled, until <see cref="goOn"/> is released.</summary>
    private SegmentationService Blocked(int capacity = 64) => Service(options =>
    {
        options.Capacity = capacity;
        options.OpenBackend = () => new FaultyBackend(cpu)
        {
            Opening = _ =>
            {
                compiling.Release();
                goOn.Wait(Patience);
            },
        };
    });

    /// <summary>As many requests as a stream of one image at a time takes; the first of them waits, and the others behind it.</summary>
    private async Task<Task[]> FillAsync(SegmentationService service, Rgb[,] image, CancellationToken cancellation)
    {
        const int TakenByStream = 2;
        var taken = new Task[TakenByStream];
        taken[0] = service.SegmentAsync(image, TinyModel.Labels(image), cancellation);
        Assert.True(await compiling.WaitAsync(Patience, CancellationToken.None));
        taken[1] = service.SegmentAsync(image, TinyModel.Labels(image), cancellation);
        while (service.Waiting > 0)
            await Task.Yield();
        return taken;
    }
}
