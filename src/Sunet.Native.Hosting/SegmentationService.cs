using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using CommunityToolkit.HighPerformance;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Hosting;

/// <summary>
/// One network for all requests of an application. Requests of any threads and sizes go through one stream of
/// <see cref="Predictor.SegmentMany"/>, so that they are predicted as the device does most of them in a time: in batches on a GPU, one on
/// each processor on the CPU. An image's labels have the same bits alone and among others. Register it as a singleton by
/// <see cref="ServiceCollectionExtensions.AddSegmentation"/>, or make one and dispose it.
/// </summary>
public sealed class SegmentationService : IAsyncDisposable, IDisposable
{
    private readonly SegmentationServiceOptions options;
    private readonly ILogger logger;
    private readonly IBackend backend;
    private readonly SunetModelFile model;
    private readonly Predictor predictor;
    private readonly Channel<PendingRequest> waiting;
    private readonly ConcurrentDictionary<PendingRequest, bool> taken = new();
    private readonly Lazy<Task> closing;
    private readonly Task run;
    private long images, failed;

    /// <summary>Loads the weights and opens the device.</summary>
    /// <param name="options">What to predict with; later changes have no effect.</param>
    /// <param name="logger">Receives the events that <see cref="SegmentationEvents"/> lists; null for none.</param>
    /// <exception cref="ConfigurationException">An option is missing or out of range.</exception>
    /// <exception cref="CheckpointException">The weights cannot be read, or are not those of a segmenter.</exception>
    /// <exception cref="BackendException">The device cannot be used.</exception>
    public SegmentationService(SegmentationServiceOptions options, ILogger<SegmentationService>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        this.logger = logger ?? NullLogger<SegmentationService>.Instance;
        long started = Stopwatch.GetTimestamp();
        backend = options.OpenBackend is { } open ? open() : OpenBest();
        SunetModelFile? opened = null;
        try
        {
            model = opened = SunetModelFile.Open(options.Weights);
            predictor = new Predictor(model, options.Predictor, backend);
        }
        catch
        {
            opened?.Dispose();
            backend.Dispose();
            throw;
        }

        waiting = Channel.CreateBounded<PendingRequest>(new BoundedChannelOptions(options.Capacity) { SingleReader = true });
        closing = new Lazy<Task>(CloseAsync);
        run = Task.Run(RunAsync);
        SegmentationEvents.Opened(
            this.logger, options.Weights, Spec.Classes, backend.Description, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>The network, with the names of its classes.</summary>
    public SunetSpec Spec => model.Spec;

    /// <summary>What the network runs on, in words.</summary>
    public string Device => backend.Description;

    /// <summary>The requests that no prediction has been begun for.</summary>
    internal int Waiting => waiting.Reader.Count;

    /// <summary>
    /// Finds the class of every pixel. Image and labels are the caller's; they must stay as they are until the returned task has ended.
    /// </summary>
    /// <param name="image">The image, [H, W].</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="cancellation">
    /// Takes the request back while it waits. Once its prediction has begun it ends as if it had not been cancelled.
    /// </param>
    /// <exception cref="ArgumentException">Image and labels differ in size, or are empty.</exception>
    /// <exception cref="MemoryException">The image is too large for the memory there is.</exception>
    /// <exception cref="BackendException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the request waited.</exception>
    /// <exception cref="ObjectDisposedException">The service is disposed.</exception>
    public Task SegmentAsync(ReadOnlyMemory2D<Rgb> image, Memory2D<byte> labels, CancellationToken cancellation = default) =>
        AskAsync(new ImageRequest { Image = image, Labels = labels }, cancellation);

    /// <summary>
    /// Finds the class of every pixel of an image of bytes. Image and labels are the caller's; they must stay as they are until the
    /// returned task has ended.
    /// </summary>
    /// <param name="pixels">The image from the first byte of its first pixel on; bytes behind the last pixel are ignored.</param>
    /// <param name="layout">How it lies there.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="cancellation">
    /// Takes the request back while it waits. Once its prediction has begun it ends as if it had not been cancelled.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The image does not fit into <paramref name="pixels"/>, or image and labels differ in size.
    /// </exception>
    /// <exception cref="MemoryException">The image is too large for the memory there is.</exception>
    /// <exception cref="BackendException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the request waited.</exception>
    /// <exception cref="ObjectDisposedException">The service is disposed.</exception>
    public async Task SegmentAsync(
        ReadOnlyMemory<byte> pixels, ImageLayout layout, Memory2D<byte> labels, CancellationToken cancellation = default) =>
        await AskAsync(new ImageRequest(pixels, layout, labels), cancellation).ConfigureAwait(false);

    /// <summary>
    /// Compiles the network for images of a size, so that the first of them need not wait for it: predicts as many as run at a time.
    /// </summary>
    /// <param name="height">Of the images.</param>
    /// <param name="width">Of the images.</param>
    /// <param name="cancellation">Stops compiling.</param>
    /// <exception cref="MemoryException">The size is too large for the memory there is.</exception>
    /// <exception cref="ObjectDisposedException">The service is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task WarmUpAsync(int height, int width, CancellationToken cancellation = default)
    {
        long started = Stopwatch.GetTimestamp();
        BatchingHint hint = backend.Batching;
        int batches = options.Stream.Concurrency > 0 ? options.Stream.Concurrency : hint.Concurrency;
        int size = options.Stream.BatchSize > 0 ? options.Stream.BatchSize : hint.BatchSize;
        var image = new Rgb[height, width];
        await Task.WhenAll(Enumerable.Range(0, batches * size).Select(_ => SegmentAsync(image, new byte[height, width], cancellation)))
            .ConfigureAwait(false);
        SegmentationEvents.WarmedUp(logger, height, width, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Finishes the requests that were accepted, refuses later ones, and releases network and device.</summary>
    public async ValueTask DisposeAsync() => await closing.Value.ConfigureAwait(false);

    /// <summary>Does what <see cref="DisposeAsync"/> does, and waits for it.</summary>
    public void Dispose() => closing.Value.GetAwaiter().GetResult();

    /// <summary>Compiles the sizes of the options.</summary>
    internal async Task WarmUpAsync(CancellationToken cancellation)
    {
        foreach ((int height, int width) in options.WarmUpSizes)
            await WarmUpAsync(height, width, cancellation).ConfigureAwait(false);
    }

    private static IBackend OpenBest()
    {
        try
        {
            return new CudaBackend();
        }
        catch (BackendException)
        {
            return new CpuBackend();
        }
    }

    private async Task AskAsync(ImageRequest image, CancellationToken cancellation)
    {
        var request = new PendingRequest(image);
        try
        {
            await waiting.Writer.WriteAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            throw closed.InnerException is { } failure
                ? new InvalidOperationException("The segmentation service has stopped; its log says why.", failure)
                : new ObjectDisposedException(nameof(SegmentationService));
        }

        using CancellationTokenRegistration cancelling = cancellation.UnsafeRegister(
            static (state, token) => ((PendingRequest)state!).Cancel(token), request);
        await request.Answer.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (ImageResult result in predictor.SegmentMany(TakeAsync(), options.Stream).ConfigureAwait(false))
                Finish((PendingRequest)result.Request.Tag!, result.Failure);
        }
        catch (Exception failure)
        {
            // Nobody may wait for an answer that will not come; a log that fails comes last.
            waiting.Writer.TryComplete(failure);
            foreach (PendingRequest request in taken.Keys)
                request.Finish(failure);
            while (waiting.Reader.TryRead(out PendingRequest? request))
            {
                if (request.TryTake())
                    request.Finish(failure);
            }

            SegmentationEvents.Stopped(logger, failure);
        }
    }

    private async IAsyncEnumerable<ImageRequest> TakeAsync()
    {
        await foreach (PendingRequest request in waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (!request.TryTake())
                continue;
            taken.TryAdd(request, true);
            yield return request.Request;
        }
    }

    private void Finish(PendingRequest request, Exception? failure)
    {
        taken.TryRemove(request, out _);
        images++;
        int height = request.Height, width = request.Width;
        request.Finish(failure);
        if (failure is null)
            return;
        failed++;
        SegmentationEvents.ImageFailed(logger, height, width, failure);
    }

    private async Task CloseAsync()
    {
        waiting.Writer.TryComplete();
        await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        predictor.Dispose();
        model.Dispose();
        backend.Dispose();
        SegmentationEvents.Closed(logger, images, failed);
    }
}
