namespace Sunet.Native.Inference.Streams;

/// <summary>A thread that segments one batch of a stream after the other.</summary>
internal sealed class StreamLane
{
    private readonly StreamSchedule schedule;
    private readonly IBatchSegmenter segmenter;
    private readonly IStreamWatch? watch;
    private readonly CancellationToken cancellation;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<StreamImage> batch = [];

    /// <summary>Starts the thread, which ends with the stream.</summary>
    /// <exception cref="BackendException">The system has no thread to give.</exception>
    public StreamLane(StreamSchedule schedule, IBatchSegmenter segmenter, int number, IStreamWatch? watch, CancellationToken cancellation)
    {
        this.schedule = schedule;
        this.segmenter = segmenter;
        this.watch = watch;
        this.cancellation = cancellation;
        var thread = new Thread(Run) { IsBackground = true, Name = $"Sunet stream {number}" };
        try
        {
            thread.UnsafeStart();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            throw new BackendException("The system does not let this process have a thread for every batch that a stream runs at a "
                + "time; lower the stream's concurrency, or raise the limit of the container or user.", "threads", inner: e);
        }
    }

    /// <summary>Completes when the thread has made its last batch.</summary>
    public Task Ended => ended.Task;

    private void Run()
    {
        while (schedule.Take(batch, out bool isAlone))
        {
            Exception? failure = null;
            watch?.BatchBegins();
            try
            {
                segmenter.Segment(batch, isAlone, cancellation);
            }
            catch (Exception e)
            {
                failure = e;
            }

            watch?.BatchEnds();
            foreach (StreamImage image in batch)
            {
                if (failure is OperationCanceledException)
                    schedule.Abandon();
                else
                    schedule.Finish(image, failure ?? image.Failure);
            }
        }

        ended.SetResult();
    }
}
