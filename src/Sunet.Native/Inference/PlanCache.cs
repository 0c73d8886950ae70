using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>What makes one compiled prediction as good as another.</summary>
/// <param name="Shape">[N, 3, H, W] of the images.</param>
/// <param name="Kind">What is wanted of it.</param>
/// <param name="Concurrency">How many are meant to run at a time, each on its share of the processors.</param>
internal readonly record struct PlanKey(Shape Shape, PredictionKind Kind, int Concurrency);

/// <summary>
/// Compiled predictions that wait for their next image, up to a number of bytes; the one used longest ago is freed first, but
/// none of the key used last. Safe for threads.
/// </summary>
/// <param name="capacity">The bytes.</param>
internal sealed class PlanCache(long capacity)
{
    private readonly Lock gate = new();

    /// <summary>The plans, the one that came back last behind all others.</summary>
    private readonly List<(PlanKey Key, PredictionPlan Plan)> idle = [];
    private long bytes;

    /// <summary>Whether a plan waits.</summary>
    public bool Has(PlanKey key)
    {
        lock (gate)
            return Find(key) >= 0;
    }

    /// <summary>
    /// A plan that waits, which is the caller's until it returns it; null where there is none. Then the key used last is another one, and
    /// what was kept for its sake alone is freed before the caller compiles.
    /// </summary>
    public PredictionPlan? Take(PlanKey key)
    {
        lock (gate)
        {
            int at = Find(key);
            if (at >= 0)
                return TakeAt(at);
            Trim(key);
            return null;
        }
    }

    /// <summary>Takes a plan over, and frees what is too much then.</summary>
    public void Return(PlanKey key, PredictionPlan plan)
    {
        lock (gate)
        {
            idle.Add((key, plan));
            bytes += plan.Bytes;
            Trim(key);
        }
    }

    /// <summary>Frees all plans that wait.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Clear()
    {
        lock (gate)
        {
            bool any = idle.Count > 0;
            while (idle.Count > 0)
                TakeAt(0).Dispose();
            return any;
        }
    }

    private void Trim(PlanKey last)
    {
        for (int at = 0; bytes > capacity && at < idle.Count;)
        {
            if (idle[at].Key == last)
                at++;
            else
                TakeAt(at).Dispose();
        }
    }

    private int Find(PlanKey key)
    {
        int at = idle.Count - 1;
        while (at >= 0 && idle[at].Key != key)
            at--;
        return at;
    }

    private PredictionPlan TakeAt(int at)
    {
        PredictionPlan plan = idle[at].Plan;
        idle.RemoveAt(at);
        bytes -= plan.Bytes;
        return plan;
    }
}
