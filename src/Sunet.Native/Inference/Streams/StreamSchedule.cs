using System.Runtime.ExceptionServices;

namespace Sunet.Native.Inference.Streams;

/// <summary>
/// Who does what of a stream: one reader adds images, several lanes take batches of one size and finish them, one consumer takes results.
/// No more images are on their way than there is room for, so the reader waits for the consumer. Images whose batch is not full run when
/// it will not be filled: at the end, after the delay, or when the reader waits for room.
/// </summary>
internal sealed class StreamSchedule
{
    /// <summary>Sizes without waiting images are forgotten beyond this number.</summary>
    private const int KnownSizes = 64;

    private readonly object gate = new();
    private readonly Func<int, int, int> batchSize;
    private readonly bool inOrder;
    private readonly long delay;
    private readonly Stack<StreamImage> free;
    private readonly Queue<StreamImage> results;
    private readonly List<SizeQueue> sizes = [];
    private long added;
    private int waiting, running;
    private bool ended, stopped, readerWaits;
    private ExceptionDispatchInfo? failure;

    /// <param name="options">Order, room and delay; the room is a number.</param>
    /// <param name="batchSize">How many images of a height and width run together.</param>
    public StreamSchedule(StreamOptions options, Func<int, int, int> batchSize)
    {
        this.batchSize = batchSize;
        inOrder = options.InOrder;
        delay = options.FlushDelay is { } wanted ? (long)Math.Ceiling(wanted.TotalMilliseconds) : long.MaxValue;
        free = new Stack<StreamImage>(Enumerable.Range(0, options.Capacity).Select(_ => new StreamImage()));
        results = new Queue<StreamImage>(options.Capacity);
    }

    /// <summary>Set when there may be room for another image.</summary>
    public AsyncSignal Room { get; } = new();

    /// <summary>Set when there may be a result, or none to come.</summary>
    public AsyncSignal Results { get; } = new();

    /// <summary>Whether the stream was stopped before all its images were done.</summary>
    public bool IsCut { get; private set; }

    /// <summary>For the reader: whether there is room for an image, or nobody wants more; otherwise it waits for the signal.</summary>
    public bool HasRoom(out bool isStopped)
    {
        lock (gate)
        {
            isStopped = stopped;
            readerWaits = free.Count == 0 && !stopped;
            if (readerWaits)
                Monitor.PulseAll(gate);
            return !readerWaits;
        }
    }

    /// <summary>Adds an image for which there is room.</summary>
    public void Add(ImageRequest request)
    {
        Exception? refused = Refusal(request);
        lock (gate)
        {
            StreamImage image = free.Pop();
            image.Begin(request, added++);
            if (inOrder)
                results.Enqueue(image);
            if (refused is not null)
            {
                FinishLocked(image, refused);
                return;
            }

            SizeOf(request.Height, request.Width).Images.Enqueue(image);
            waiting++;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Says that no more images come, and why the source failed if it did.</summary>
    public void End(Exception? sourceFailure)
    {
        lock (gate)
        {
            ended = true;
            failure = sourceFailure is null ? null : ExceptionDispatchInfo.Capture(sourceFailure);
            Monitor.PulseAll(gate);
        }

        Results.Set();
    }

    /// <summary>Lets running batches end and begins no more.</summary>
    public void Stop()
    {
        lock (gate)
        {
            IsCut |= waiting + running > 0 || !ended;
            stopped = true;
            Monitor.PulseAll(gate);
        }

        Room.Set();
        Results.Set();
    }

    /// <summary>For a lane: waits for a batch of one size.</summary>
    /// <param name="batch">Receives the images.</param>
    /// <param name="isLast">Whether nothing else waits or will come, so that the other lanes stay idle.</param>
    /// <returns>False when there will be no more.</returns>
    public bool Take(List<StreamImage> batch, out bool isLast)
    {
        lock (gate)
        {
            while (true)
            {
                isLast = false;
                if (stopped || (ended && waiting == 0))
                    return false;
                if (Next() is { } size)
                {
                    size.Take(batch);
                    waiting -= batch.Count;
                    running += batch.Count;
                    isLast = ended && waiting == 0 && running == batch.Count;
                    return true;
                }

                Wait();
            }
        }
    }

    /// <summary>For a lane: an image of its batch is done.</summary>
    /// <param name="image">The image.</param>
    /// <param name="error">Why it failed; null where it did not.</param>
    public void Finish(StreamImage image, Exception? error)
    {
        lock (gate)
        {
            running--;
            FinishLocked(image, error);
        }
    }

    /// <summary>For a lane: an image of its batch was not segmented because the stream was stopped.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            running--;
            Results.Set();
        }
    }

    /// <summary>For the consumer: the next result, if it is there.</summary>
    /// <param name="result">The result.</param>
    /// <param name="isEnd">Whether there will be no more.</param>
    public bool TryNext(out ImageResult result, out bool isEnd)
    {
        result = default;
        lock (gate)
        {
            isEnd = stopped ? running == 0 : ended && waiting + running == 0;

            // Of a stream that was stopped, images that did not run have no result, but those behind them may.
            while (isEnd && results.TryPeek(out StreamImage? missing) && !missing.IsDone)
                results.Dequeue();
            if (!results.TryPeek(out StreamImage? image) || !image.IsDone)
                return false;
            results.Dequeue();
            result = new ImageResult(image.Request!, image.Index, image.Failure);
            image.Clear();
            free.Push(image);
        }

        Room.Set();
        return true;
    }

    /// <summary>Throws what the source failed with, if it did.</summary>
    public void ThrowIfSourceFailed() => failure?.Throw();

    private static ArgumentException? Refusal(ImageRequest request)
    {
        (int height, int width) = (request.Height, request.Width);
        if (height == 0 || width == 0)
            return new ArgumentException("The image has no pixels.");
        return (request.Labels.Height, request.Labels.Width) == (height, width)
            ? null
            : new ArgumentException(
                $"Labels are {request.Labels.Height} x {request.Labels.Width} and the image {height} x {width}.");
    }

    private void FinishLocked(StreamImage image, Exception? error)
    {
        image.Finish(error);
        if (!inOrder)
            results.Enqueue(image);
        Results.Set();
    }

    private SizeQueue SizeOf(int height, int width)
    {
        foreach (SizeQueue known in sizes)
        {
            if (known.Size == (height, width))
                return known;
        }

        if (sizes.Count >= KnownSizes)
            sizes.RemoveAll(s => s.Images.Count == 0);
        var size = new SizeQueue((height, width), batchSize(height, width));
        sizes.Add(size);
        return size;
    }

    /// <summary>The size whose first image came first, of those with a batch, else of those whose batch will not fill.</summary>
    private SizeQueue? Next()
    {
        SizeQueue? next = null;
        foreach (SizeQueue size in sizes)
        {
            if (size.HasBatch && (next is null || size.First < next.First))
                next = size;
        }

        if (next is not null)
            return next;
        foreach (SizeQueue size in sizes)
        {
            if (size.Images.Count > 0 && (ended || readerWaits || size.Waited >= delay) && (next is null || size.First < next.First))
                next = size;
        }

        return next;
    }

    /// <summary>Waits for a change, or until an image has waited as long as it may.</summary>
    private void Wait()
    {
        long left = long.MaxValue;
        if (delay < long.MaxValue)
        {
            foreach (SizeQueue size in sizes)
            {
                if (size.Images.Count > 0)
                    left = Math.Min(left, Math.Max(1, delay - size.Waited));
            }
        }

        if (left == long.MaxValue)
            Monitor.Wait(gate);
        else
            Monitor.Wait(gate, (int)left);
    }
}
