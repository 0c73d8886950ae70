using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Sunet.Data.Loading;
using Sunet.Native.Backends;
using Sunet.Native.Inference.Streams;

namespace Sunet.Cli.Runs.Streaming;

/// <summary>
/// Decodes images, segments them and does something with what was predicted, all at the same time. As many images are under way as
/// decoding, the device and finishing can have in hand; none is begun while those under way take more memory than images may be decoded in.
/// </summary>
/// <param name="segment">Segments a stream, in order.</param>
/// <param name="decode">Decodes the image of an index, several at a time; the token says that nobody waits for it any longer.</param>
/// <param name="finish">
/// Does something with what was predicted: in order, one image after the other, or where <paramref name="parallel"/> is set on any thread.
/// </param>
/// <param name="parallel">Whether images are finished beside each other.</param>
internal sealed class ImagePipeline(
    Func<IAsyncEnumerable<ImageRequest>, StreamOptions, CancellationToken, IAsyncEnumerable<ImageResult>> segment,
    Func<PipelineImage, CancellationToken, Task<DecodeOutcome>> decode, Action<PipelineImage> finish, bool parallel)
{
    private readonly Channel<PipelineImage> rooms = Channel.CreateUnbounded<PipelineImage>();
    private readonly long mostBytes = LoaderSettings.DefaultDecodeBytes;
    private long bytes;
    private int roomCount;
    private Exception? failure;
    private StageClock? clock;

    /// <summary>How long each stage was the limit of a run, that has ended or goes on.</summary>
    public StageTimes Stages => clock!.Times;

    /// <summary>The number of images that are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How long an image waits for others: one that waits for memory to be given back must not wait for more images.</summary>
    public TimeSpan FlushDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How many images the segmenter has at most; 0 for as many as it chooses.</summary>
    public int Capacity { get; init; }

    /// <summary>What is done to images at the end, as a verb.</summary>
    public string Finishing { get; init; } = "encode";

    /// <summary>A decoder that works on the threads of the pool.</summary>
    /// <param name="decode">Decodes the image of an index; false leaves it out.</param>
    public static Func<PipelineImage, CancellationToken, Task<DecodeOutcome>> OnPool(Func<PipelineImage, bool> decode) =>
        (image, _) => Task.Run(() => decode(image) ? DecodeOutcome.Decoded : DecodeOutcome.LeftOut, CancellationToken.None);

    /// <summary>Runs so many images through, and returns when all are finished.</summary>
    /// <param name="count">How many images there are at most.</param>
    /// <param name="batching">How many images the device has in hand.</param>
    /// <param name="cancellation">Begins no more images; those that are segmented by then are finished.</param>
    /// <returns>How long each stage was the limit.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public StageTimes Run(int count, BatchingHint batching, CancellationToken cancellation)
    {
        clock = new StageClock(batching.Concurrency, Finishing, TimeProvider.System);
        clock.Start();
        roomCount = (2 * Workers) + (2 * batching.BatchSize * batching.Concurrency);
        for (int i = 0; i < roomCount; i++)
            rooms.Writer.TryWrite(new PipelineImage());
        Task.Run(() => RunAsync(count, cancellation), CancellationToken.None).GetAwaiter().GetResult();
        return Stages;
    }

    private async Task RunAsync(int count, CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var finishing = new List<Task>();
        var options = new StreamOptions { FlushDelay = FlushDelay, Capacity = Capacity, Watch = clock };
        try
        {
            await foreach (ImageResult result in segment(Decoded(count, stopping.Token), options, stopping.Token).ConfigureAwait(false))
            {
                result.ThrowIfFailed();
                var image = (PipelineImage)result.Request.Tag!;
                if (!parallel)
                {
                    Finish(image, stopping);
                    continue;
                }

                if (finishing.Count >= roomCount)
                    finishing.RemoveAll(task => task.IsCompleted);
                finishing.Add(Task.Run(() => Finish(image, stopping), CancellationToken.None));
            }
        }
        catch (Exception e)
        {
            // What stopped the stream counts, not that it was stopped.
            Interlocked.CompareExchange(ref failure, e, null);
        }

        await Task.WhenAll(finishing).ConfigureAwait(false);
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    private void Finish(PipelineImage image, CancellationTokenSource stopping)
    {
        try
        {
            finish(image);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
            stopping.Cancel();
        }

        GiveBack(image);
    }

    private void GiveBack(PipelineImage image)
    {
        Interlocked.Add(ref bytes, -image.Bytes);
        image.Keep(mostBytes / roomCount);
        rooms.Writer.TryWrite(image);
    }

    /// <summary>The images in order, several decoded ahead.</summary>
    private async IAsyncEnumerable<ImageRequest> Decoded(int count, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var ahead = new Queue<Task<(PipelineImage Image, DecodeOutcome Outcome)>>();
        int next = 0;
        try
        {
            while (next < count || ahead.Count > 0)
            {
                while (next < count && ahead.Count < Workers)
                {
                    PipelineImage? image = ahead.Count == 0 ? await TakeRoom(cancellation).ConfigureAwait(false) : TryTakeRoom();
                    if (image is null)
                        break;
                    image.Begin(next++);
                    ahead.Enqueue(Decode(image, cancellation));
                }

                (PipelineImage decoded, DecodeOutcome outcome) = await ahead.Dequeue().ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                if (outcome == DecodeOutcome.Decoded)
                {
                    clock!.Wanted(false);
                    yield return decoded.Request;
                    clock.Wanted(true);
                    continue;
                }

                GiveBack(decoded);
                if (outcome == DecodeOutcome.End)
                    next = count;
            }

            clock!.Ended();
        }
        finally
        {
            // Their exceptions are those of images behind the one that ended the stream.
            await ((Task)Task.WhenAll(ahead)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(PipelineImage Image, DecodeOutcome Outcome)> Decode(PipelineImage image, CancellationToken cancellation)
    {
        DecodeOutcome outcome = await decode(image, cancellation).ConfigureAwait(false);
        Interlocked.Add(ref bytes, image.Bytes);
        return (image, outcome);
    }

    private PipelineImage? TryTakeRoom() =>
        Volatile.Read(ref bytes) < mostBytes && rooms.Reader.TryRead(out PipelineImage? image) ? image : null;

    /// <summary>Waits for room, and for images under way to give back memory that they take beyond what there is.</summary>
    private async Task<PipelineImage> TakeRoom(CancellationToken cancellation)
    {
        clock!.WithoutRoom(true);
        PipelineImage image = await rooms.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        var others = new Stack<PipelineImage>();
        while (Volatile.Read(ref bytes) >= mostBytes)
            others.Push(await rooms.Reader.ReadAsync(cancellation).ConfigureAwait(false));
        while (others.TryPop(out PipelineImage? other))
            rooms.Writer.TryWrite(other);
        clock.WithoutRoom(false);
        return image;
    }
}
