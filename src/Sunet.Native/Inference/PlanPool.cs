using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Compiled predictions for as many calls at a time as are allowed. A call takes a turn, and while it has it, rents the plans of a size:
/// idle ones, or newly compiled ones, so that no size has more than there are turns. All plans read one set of weights. Sizes beyond the
/// number that is kept give up their plans, the size used longest ago first.
/// </summary>
internal sealed class PlanPool(ISunetWeights model, IReadOnlyList<double> scales, PredictorOptions options, IBackend backend) : IDisposable
{
    /// <summary>Guards <see cref="sizes"/>; never held while anything is compiled or runs.</summary>
    private readonly Lock gate = new();
    private readonly Lock compiling = new();

    /// <summary>Who wants all turns takes them one by one, and must not meet another who does.</summary>
    private readonly Lock exclusive = new();
    private readonly SemaphoreSlim turns = new(options.Concurrency);
    private readonly WeightStore weights = new(backend);
    private readonly List<SizePlans> sizes = [];
    private volatile bool disposed;

    /// <summary>Bytes of the weights that all plans share.</summary>
    public long WeightBytes
    {
        get
        {
            lock (compiling)
                return weights.Bytes;
        }
    }

    /// <summary>Waits for a turn.</summary>
    /// <exception cref="ObjectDisposedException">The predictor is disposed, or was while this call waited.</exception>
    /// <exception cref="OperationCanceledException">The caller waits no more.</exception>
    public Turn Enter(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(Predictor));
        turns.Wait(cancellation);
        return Entered();
    }

    /// <summary>The same without keeping a thread waiting.</summary>
    public async Task<Turn> EnterAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(Predictor));
        await turns.WaitAsync(cancellation).ConfigureAwait(false);
        return Entered();
    }

    /// <summary>Plans of a size for the caller, who has a turn, alone; given back by disposing the lease.</summary>
    /// <exception cref="MemoryException">The size does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the size was compiled.</exception>
    public Lease Rent(Shape shape, PredictionKind kind, CancellationToken cancellation)
    {
        SizePlans size;
        lock (gate)
        {
            size = Find(shape, kind);
            if (size.Idle.TryPop(out LookPlans? idle))
                return new Lease(this, size, idle);
        }

        try
        {
            lock (compiling)
                return new Lease(this, size, new LookPlans(model, shape, scales, kind, backend, weights, cancellation));
        }
        catch
        {
            lock (gate)
                GiveUp(size);
            throw;
        }
    }

    /// <summary>Compiles as many plans of a size as there are turns, once no call is running.</summary>
    public void WarmUp(Shape shape, PredictionKind kind, CancellationToken cancellation)
    {
        EnterAll();
        var leases = new Stack<Lease>();
        try
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(Predictor));
            for (int i = 0; i < options.Concurrency; i++)
                leases.Push(Rent(shape, kind, cancellation));
        }
        finally
        {
            while (leases.TryPop(out Lease lease))
                lease.Dispose();
            turns.Release(options.Concurrency);
        }
    }

    /// <summary>Waits for the calls that have a turn; those that wait for one find the pool disposed.</summary>
    public void Dispose()
    {
        disposed = true;
        EnterAll();
        lock (gate)
        {
            while (sizes.Count > 0)
                GiveUp(sizes[0]);
        }

        weights.Dispose();
        turns.Release(options.Concurrency);
    }

    private void EnterAll()
    {
        lock (exclusive)
        {
            for (int i = 0; i < options.Concurrency; i++)
                turns.Wait();
        }
    }

    private Turn Entered()
    {
        if (!disposed)
            return new Turn(turns);
        turns.Release();
        throw new ObjectDisposedException(nameof(Predictor));
    }

    private SizePlans Find(Shape shape, PredictionKind kind)
    {
        int at = sizes.Count - 1;
        while (at >= 0 && (sizes[at].Shape != shape || sizes[at].Kind != kind))
            at--;
        SizePlans size;
        if (at >= 0)
        {
            size = sizes[at];
            sizes.RemoveAt(at);
        }
        else
        {
            size = new SizePlans(shape, kind);
            if (sizes.Count >= options.CachedSizes)
                GiveUp(sizes[0]);
        }

        sizes.Add(size);
        return size;
    }

    /// <summary>Frees a size's idle plans; those in use are freed when they come back.</summary>
    private void GiveUp(SizePlans size)
    {
        sizes.Remove(size);
        while (size.Idle.TryPop(out LookPlans? plans))
            plans.Dispose();
    }

    private void Return(SizePlans size, LookPlans plans)
    {
        lock (gate)
        {
            if (sizes.Contains(size))
            {
                size.Idle.Push(plans);
                return;
            }
        }

        plans.Dispose();
    }

    /// <summary>The right to run; ends when disposed.</summary>
    public readonly struct Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }

    /// <summary>Plans in use by one call.</summary>
    public readonly struct Lease(PlanPool pool, SizePlans size, LookPlans plans) : IDisposable
    {
        /// <summary>One a scale.</summary>
        public IReadOnlyList<ScalePlan> Scales => plans.Scales;

        public void Dispose() => pool.Return(size, plans);
    }

    /// <summary>What is idle of one size.</summary>
    internal sealed class SizePlans(Shape shape, PredictionKind kind)
    {
        public Shape Shape => shape;

        public PredictionKind Kind => kind;

        public Stack<LookPlans> Idle { get; } = [];
    }

    /// <summary>The plans of one image size, one a scale.</summary>
    internal sealed class LookPlans : IDisposable
    {
        private readonly List<ScalePlan> plans = [];

        public LookPlans(
            ISunetWeights model, Shape shape, IReadOnlyList<double> scales, PredictionKind kind, IBackend backend, WeightStore weights,
            CancellationToken cancellation)
        {
            try
            {
                foreach (double scale in scales)
                    plans.Add(new ScalePlan(model, shape, scale, kind, backend, weights, cancellation));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public IReadOnlyList<ScalePlan> Scales => plans;

        public void Dispose() => plans.ForEach(p => p.Dispose());
    }
}
