using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Compiled predictions for as many calls at a time as are allowed. A call takes a slot, and while it has it, rents a plan of a size: an
/// idle one, or a newly compiled one, so that no size has more than there are slots. All plans read one set of weights. One call may
/// compile while others compile or run.
/// </summary>
/// <param name="owner">Whose pool it is, for refusing calls from its own callbacks.</param>
/// <param name="model">The weights.</param>
/// <param name="scales">The factors on height and width.</param>
/// <param name="options">Whether images are mirrored, how many calls run at a time, and how many bytes of idle plans are kept.</param>
/// <param name="backend">Where plans run.</param>
internal sealed class PlanPool(
    object owner, ISunetWeights model, IReadOnlyList<double> scales, PredictorOptions options, IBackend backend) : IDisposable
{
    /// <summary>
    /// Bytes of idle plans in the host's memory. A further size is compiled there in a fraction of the time that a larger image takes, so
    /// that plans of many large sizes are not worth their memory.
    /// </summary>
    private const long HostCacheBytes = 256 << 20;

    /// <summary>One part in so many of a device's own memory; compiling takes long there.</summary>
    private const int DeviceCacheShare = 8;

    private readonly PlanCache cache = new(
        options.CacheBytes ?? (backend.UsesHostMemory ? HostCacheBytes : backend.MemoryBytes / DeviceCacheShare));

    /// <summary>Who wants all slots takes them one by one, and must not meet another who does.</summary>
    private readonly SemaphoreSlim exclusive = new(1);
    private readonly SemaphoreSlim slots = new(options.Concurrency);
    private readonly WeightStore weights = new(backend);

    /// <summary>The work that has no slot, and one more until the pool is disposed.</summary>
    private readonly CountdownEvent unslotted = new(1);
    private bool disposed;

    private bool IsDisposed => Volatile.Read(ref disposed);

    /// <summary>Bytes of the weights that all plans share.</summary>
    public long WeightBytes => weights.Bytes;

    /// <summary>Waits for a slot, which the calling thread gives back, too.</summary>
    /// <exception cref="InvalidOperationException">A callback of a call of this thread wants one.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed, or was while this call waited.</exception>
    /// <exception cref="OperationCanceledException">The caller waits no more.</exception>
    public MarkedSlot Enter(CancellationToken cancellation)
    {
        CallMark.Refuse(owner);
        ObjectDisposedException.ThrowIf(IsDisposed, owner);
        slots.Wait(cancellation);
        return new MarkedSlot(Entered(), Mark());
    }

    /// <summary>Waits for a slot without keeping a thread waiting. The thread that works then calls <see cref="Mark"/>.</summary>
    public async Task<Slot> EnterAsync(CancellationToken cancellation)
    {
        CallMark.Refuse(owner);
        ObjectDisposedException.ThrowIf(IsDisposed, owner);
        await slots.WaitAsync(cancellation).ConfigureAwait(false);
        return Entered();
    }

    /// <summary>Begins work that needs no slot: a batch of a stream, which has a number of its own of batches at a time.</summary>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public Unslotted EnterUnslotted()
    {
        ObjectDisposedException.ThrowIf(IsDisposed || !unslotted.TryAddCount(), owner);
        return new Unslotted(unslotted);
    }

    /// <summary>Refuses a call to a predictor that is disposed.</summary>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, owner);

    /// <summary>How the device predicts most images in a time.</summary>
    public BatchingHint Batching => backend.Batching;

    /// <summary>Lets the calling thread's callbacks be refused until the result is disposed.</summary>
    public CallMark Mark() => CallMark.Begin(owner);

    /// <summary>Whether plans of a size are compiled and idle.</summary>
    public bool HasIdle(Shape shape, PredictionKind kind, int concurrency) => cache.Has(new PlanKey(shape, kind, concurrency));

    /// <summary>A plan of a size for the caller alone, who has a slot or has begun work without one; the lease gives it back.</summary>
    /// <param name="shape">[N, 3, H, W] of the images.</param>
    /// <param name="kind">What is wanted of it.</param>
    /// <param name="cancellation">Stops compiling.</param>
    /// <param name="concurrency">How many plans of the size are meant to run at a time, each on its share of the processors.</param>
    /// <exception cref="MemoryException">The size does not fit into memory, even without idle plans.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the size was compiled.</exception>
    public Lease Rent(Shape shape, PredictionKind kind, CancellationToken cancellation, int concurrency = 1)
    {
        var key = new PlanKey(shape, kind, concurrency);
        PredictionPlan plan = cache.Take(key) ?? CompileOrMakeRoom(key, cancellation);
        return new Lease(cache, key, plan);
    }

    /// <summary>Compiles as many plans of a size as there are slots, once no call is running.</summary>
    /// <exception cref="OperationCanceledException">The caller waits no more.</exception>
    public void WarmUp(Shape shape, PredictionKind kind, CancellationToken cancellation)
    {
        using CallMark mark = Mark();
        ObjectDisposedException.ThrowIf(IsDisposed, owner);
        EnterAll(cancellation);
        var leases = new Stack<Lease>();
        try
        {
            ObjectDisposedException.ThrowIf(IsDisposed, owner);
            for (int i = 0; i < options.Concurrency; i++)
                leases.Push(Rent(shape, kind, cancellation));
        }
        finally
        {
            while (leases.TryPop(out Lease lease))
                lease.Dispose();
            slots.Release(options.Concurrency);
        }
    }

    /// <summary>Waits for the calls that have a slot; those that wait for one find the pool disposed.</summary>
    public void Dispose()
    {
        CallMark.Refuse(owner);
        bool isFirst = !Interlocked.Exchange(ref disposed, true);
        EnterAll(CancellationToken.None);
        if (isFirst)
            unslotted.Signal();
        unslotted.Wait();
        cache.Clear();
        weights.Dispose();
        slots.Release(options.Concurrency);
    }

    private void EnterAll(CancellationToken cancellation)
    {
        exclusive.Wait(cancellation);
        int entered = 0;
        try
        {
            for (; entered < options.Concurrency; entered++)
                slots.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            if (entered > 0)
                slots.Release(entered);
            throw;
        }
        finally
        {
            exclusive.Release();
        }
    }

    private PredictionPlan CompileOrMakeRoom(PlanKey key, CancellationToken cancellation)
    {
        try
        {
            return Compile(key, cancellation);
        }
        catch (MemoryException) when (cache.Clear())
        {
            return Compile(key, cancellation);
        }
    }

    private PredictionPlan Compile(PlanKey key, CancellationToken cancellation) =>
        new(model, key.Shape, scales, options.Flip, key.Kind, key.Concurrency, backend, weights, cancellation);

    private Slot Entered()
    {
        if (!IsDisposed)
            return new Slot(slots);
        slots.Release();
        throw new ObjectDisposedException(owner.GetType().Name);
    }

    /// <summary>The right to run; ends when disposed.</summary>
    public readonly struct Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }

    /// <summary>Work without a slot; ends when disposed.</summary>
    public readonly struct Unslotted(CountdownEvent count) : IDisposable
    {
        public void Dispose() => count.Signal();
    }

    /// <summary>The calling thread's slot, whose callbacks are refused meanwhile.</summary>
    public readonly struct MarkedSlot(Slot slot, CallMark mark) : IDisposable
    {
        public void Dispose()
        {
            mark.Dispose();
            slot.Dispose();
        }
    }

    /// <summary>A plan in use by one call.</summary>
    public readonly struct Lease(PlanCache cache, PlanKey key, PredictionPlan plan) : IDisposable
    {
        /// <summary>The plan.</summary>
        public PredictionPlan Plan => plan;

        public void Dispose() => cache.Return(key, plan);
    }
}
