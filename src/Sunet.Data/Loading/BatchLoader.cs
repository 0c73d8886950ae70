using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Native.Interop.Host;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Loading;

/// <summary>
/// Batches of a data set, prepared ahead by threads of its own and delivered in order. A batch is a pure function of the settings and its
/// index: the number of workers, the prefetch and the cache change no bit of it, and resuming needs no state.
/// </summary>
/// <remarks>
/// One reader at a time; <see cref="Return"/> and <see cref="Dispose"/> may come from others. Workers take one sample at a time, so that a
/// single batch uses all of them.
/// </remarks>
public sealed class BatchLoader : IBatchSource
{
    private readonly object gate = new();
    private readonly LoaderSettings settings;
    private readonly ISampleProducer producer;
    private readonly EpochOrder order;
    private readonly BatchSlot[] slots;
    private readonly Stack<TrainingBatch> free;
    private readonly HashSet<TrainingBatch> lent;
    private readonly Thread[] workers;
    private readonly DecodeBudget budget;
    private TaskCompletionSource? change;
    private LoaderWork work;
    private TimeSpan waiting;
    private long head;
    private long nextBatch;
    private int nextPlace;
    private int inFlight;
    private bool restarting;
    private bool disposed;

    /// <summary>Starts the workers; batches are of bytes, with labels [N, H, W].</summary>
    /// <param name="dataset">Where samples come from.</param>
    /// <param name="settings">How batches are made.</param>
    /// <param name="startAt">The batch to prepare first: where a resumed run goes on.</param>
    /// <exception cref="ConfigurationException">A setting is out of range, or a batch is larger than the data set.</exception>
    /// <exception cref="MemoryException">There is no room for the prefetched batches.</exception>
    public BatchLoader(SegmentationDataset dataset, BatchLoaderSettings settings, long startAt = 0)
        : this(settings, new SegmentationProducer(dataset, settings), startAt)
    {
    }

    /// <summary>
    /// Starts the workers; batches are of normalised pixels, because colours that have changed are no bytes, with labels [N].
    /// </summary>
    /// <param name="dataset">Where samples come from.</param>
    /// <param name="settings">How batches are made.</param>
    /// <param name="startAt">The batch to prepare first: where a resumed run goes on.</param>
    /// <exception cref="ConfigurationException">A setting is out of range, or a batch is larger than the data set.</exception>
    /// <exception cref="MemoryException">There is no room for the prefetched batches.</exception>
    public BatchLoader(ClassificationDataset dataset, ClassificationLoaderSettings settings, long startAt = 0)
        : this(settings, new ClassificationProducer(dataset, settings), startAt)
    {
    }

    private BatchLoader(LoaderSettings settings, ISampleProducer producer, long startAt)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startAt);
        settings.Validate();
        BatchesPerEpoch = settings.FillLast
            ? (producer.Items + settings.BatchSize - 1) / settings.BatchSize
            : producer.Items / settings.BatchSize;
        if (BatchesPerEpoch == 0)
        {
            throw new ConfigurationException(
                $"A batch of {settings.BatchSize} is larger than {producer.Source}, which has {producer.Items} "
                + $"{(producer.Items == 1 ? "image" : "images")}; make the batch size {producer.Items} or less, or add images.");
        }

        this.producer = producer;
        this.settings = settings;
        ImageShape = new Shape(settings.BatchSize, 3, settings.Crop.Height, settings.Crop.Width);
        order = new EpochOrder(producer.Items, settings.Seed, settings.Shuffle);
        RequireMemory();
        slots = [.. Enumerable.Range(0, settings.Prefetch).Select(_ => new BatchSlot())];
        free = new Stack<TrainingBatch>(settings.Prefetch + 2);
        lent = new HashSet<TrainingBatch>(settings.Prefetch + 2);
        for (int i = 0; i <= settings.Prefetch; i++)
            free.Push(Allocate());
        (head, nextBatch) = (startAt, startAt);
        budget = new DecodeBudget(settings.DecodeBytes, settings.Workers);
        workers = [.. Enumerable.Range(0, settings.Workers).Select(StartWorker)];
    }

    /// <inheritdoc/>
    public Shape ImageShape { get; }

    /// <inheritdoc/>
    public bool GivesBytes => producer.GivesBytes;

    /// <inheritdoc/>
    public int BatchesPerEpoch { get; }

    /// <summary>
    /// How long readers have waited for batches that were not ready: time that more workers, or quicker ones, would save.
    /// </summary>
    public TimeSpan TimeWaiting
    {
        get
        {
            lock (gate)
                return waiting;
        }
    }

    /// <summary>What the workers have done so far.</summary>
    internal LoaderWork Work
    {
        get
        {
            lock (gate)
                return work;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The loader was disposed, before or meanwhile.</exception>
    public TrainingBatch Read(long index, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        lock (gate)
        {
            if (TryRead(index) is { } ready)
                return ready;
            long start = Stopwatch.GetTimestamp();
            try
            {
                while (true)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Wait(cancellation);
                    if (TryRead(index) is { } batch)
                        return batch;
                }
            }
            finally
            {
                waiting += Stopwatch.GetElapsedTime(start);
            }
        }
    }

    /// <summary>
    /// Reads a batch like <see cref="Read"/>, but holds no thread while it is not ready. The task is complete at once where it is.
    /// </summary>
    /// <param name="index">The batch, counted from the first of training.</param>
    /// <param name="cancellation">Stops waiting; the batch can be read again.</param>
    /// <exception cref="DataException">A sample cannot be read; the message names its file.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed, before or meanwhile.</exception>
    public ValueTask<TrainingBatch> ReadAsync(long index, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        lock (gate)
        {
            return TryRead(index) is { } ready ? ValueTask.FromResult(ready) : WaitAndReadAsync(index, Change(), cancellation);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch was returned already, or another source's.</exception>
    public void Return(TrainingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (gate)
        {
            // Looking among the free ones is not enough: a worker may have taken the batch up again already.
            if (!lent.Remove(batch))
                throw new ArgumentException("The batch was returned already, or belongs to another source.", nameof(batch));
            free.Push(batch);
            Signal();
        }
    }

    /// <summary>Stops the workers and waits for them.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Signal();
        }

        foreach (Thread worker in workers)
            worker.Join();
    }

    private Thread StartWorker(int number)
    {
        var thread = new Thread(MakeSamples) { IsBackground = true, Name = $"Sunet loader {number}" };
        thread.Start();
        return thread;
    }

    /// <summary>
    /// Refuses batches that do not fit together: the system would give their memory, and end the process as they are filled.
    /// </summary>
    private void RequireMemory()
    {
        long needed = (settings.Prefetch + 1) * BatchBytes;
        if (needed > HostMemory.AvailableBytes)
            throw NoRoom($"{settings.Prefetch + 1} batches of {ImageShape} take", needed);
    }

    private long BatchBytes => GivesBytes
        ? ImageShape.Count + ImageShape.WithChannels(1).Count
        : (ImageShape.Count + ImageShape.Batch) * sizeof(float);

    private TrainingBatch Allocate()
    {
        try
        {
            return producer.CreateBatch(ImageShape);
        }
        catch (OutOfMemoryException failure)
        {
            throw NoRoom($"A batch of {ImageShape} takes", BatchBytes, failure);
        }
    }

    private static MemoryException NoRoom(string what, long bytes, Exception? failure = null) =>
        new($"{what} {bytes} bytes, which are not there; lower the batch size, the crop or the prefetch.", bytes, failure);

    // A reader that keeps batches must not wait for ones that it holds itself.
    private void AddBatch()
    {
        free.Push(Allocate());
        Signal();
    }

    // A token has no way to pulse the lock without allocating a registration a call, so a wait that can be cancelled looks now and then.
    private void Wait(CancellationToken cancellation)
    {
        const int LookMilliseconds = 20;
        if (cancellation.CanBeCanceled)
            Monitor.Wait(gate, LookMilliseconds);
        else
            Monitor.Wait(gate);
    }

    private async ValueTask<TrainingBatch> WaitAndReadAsync(long index, Task changed, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                await changed.WaitAsync(cancellation).ConfigureAwait(false);
                lock (gate)
                {
                    if (TryRead(index) is { } batch)
                        return batch;
                    changed = Change();
                }
            }
        }
        finally
        {
            lock (gate)
                waiting += Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>The batch, if it is ready; else sees to it that it will be.</summary>
    private TrainingBatch? TryRead(long index)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if ((index != head || restarting) && !TryRestart(index))
            return null;
        BatchSlot slot = slots[index % slots.Length];
        if (slot.Batch is null && free.Count == 0)
            AddBatch();
        if (slot.Batch is null || slot.Remaining > 0)
            return null;
        slot.ThrowIfFailed();
        TrainingBatch batch = slot.Take()!;
        lent.Add(batch);
        head++;
        Signal();
        return batch;
    }

    // Samples under way still write to their batches: those are reused only once all of them have finished.
    private bool TryRestart(long index)
    {
        restarting = inFlight > 0;
        if (restarting)
            return false;
        foreach (BatchSlot slot in slots)
        {
            if (slot.Take() is { } batch)
                free.Push(batch);
        }

        (head, nextBatch, nextPlace) = (index, index, 0);
        Signal();
        return true;
    }

    /// <summary>Completes at the next <see cref="Signal"/>.</summary>
    private Task Change() => (change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Lets everyone who waits look again.</summary>
    private void Signal()
    {
        Monitor.PulseAll(gate);
        change?.SetResult();
        change = null;
    }

    private void MakeSamples()
    {
        // Every file is read once an epoch: what only following every code of it shows, a check of the data set tells.
        var buffers = new WorkerBuffers(new DecodeScratch(budget) { IsQuick = true });
        while (true)
        {
            BatchSlot slot;
            int place, item;
            long number;
            lock (gate)
            {
                while (!disposed && !CanClaim())
                    Monitor.Wait(gate);
                if (disposed)
                    return;
                slot = Claim(out place, out item, out number);
            }

            long start = Stopwatch.GetTimestamp(), bytes = buffers.Sample.Scratch.BytesRead;
            ExceptionDispatchInfo? error = Produce(slot.Batch!, place, item, number, buffers);
            lock (gate)
            {
                if (error is null)
                    Count(start, buffers, bytes);
                slot.Finish(place, error);
                if (--inFlight == 0 || slot.Remaining == 0)
                    Signal();
            }
        }
    }

    private bool CanClaim() => !restarting && nextBatch < head + slots.Length && (nextPlace > 0 || free.Count > 0);

    private BatchSlot Claim(out int place, out int item, out long number)
    {
        BatchSlot slot = slots[nextBatch % slots.Length];
        place = nextPlace;
        if (place == 0)
            slot.Begin(free.Pop(), settings.BatchSize);
        long epoch = nextBatch / BatchesPerEpoch;
        int position = ((int)(nextBatch % BatchesPerEpoch) * settings.BatchSize) + place;
        item = order.Item(epoch, position % producer.Items);
        number = (nextBatch * settings.BatchSize) + place;
        inFlight++;
        if (++nextPlace == settings.BatchSize)
        {
            nextPlace = 0;
            nextBatch++;
        }

        return slot;
    }

    private void Count(long start, WorkerBuffers buffers, long bytesBefore) => work = new LoaderWork(
        work.Samples + 1, work.BytesRead + (buffers.Sample.Scratch.BytesRead - bytesBefore),
        work.Decoding + Stopwatch.GetElapsedTime(start, buffers.DecodedAt), work.Resampling + Stopwatch.GetElapsedTime(buffers.DecodedAt));

    private ExceptionDispatchInfo? Produce(TrainingBatch batch, int place, int item, long number, WorkerBuffers buffers)
    {
        try
        {
            producer.Produce(batch, place, item, number, buffers);
            return null;
        }
        catch (DataException failure)
        {
            return ExceptionDispatchInfo.Capture(failure);
        }
        finally
        {
            buffers.Sample.Return();
        }
    }
}
