using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Backends.Cpu.Threads;

/// <summary>
/// The threads that the native work of backends runs on, whichever threads ask for it. OpenMP keeps a team of threads for every thread that
/// has ever called it, so with callers of their own teams a process would have as many threads as callers times threads. Runners are
/// started when they are needed first, and work that finds all of them busy waits for one.
/// </summary>
/// <param name="most">How many there may be.</param>
/// <param name="threads">How many threads the team of each has, itself included.</param>
internal sealed class CpuRunners(int most, int threads) : IDisposable
{
    /// <summary>The runners that the current thread belongs to; null for any other thread.</summary>
    [ThreadStatic]
    private static CpuRunners? current;

    /// <summary>
    /// The runners in use, by number of threads. Backends share them, since two teams would compete for the processors: the threads of a
    /// team spin for a while before they sleep.
    /// </summary>
    private static readonly Dictionary<int, CpuRunners> InUse = [];

    private readonly object gate = new();
    private readonly List<CpuRunner> all = [];
    private readonly Stack<CpuRunner> idle = [];
    private int users = 1;
    private bool disposed;

    /// <summary>
    /// Gives the runners that are shared by all backends whose calls use this number of threads. Every backend disposes what it was given.
    /// </summary>
    /// <param name="threads">How many threads a call uses.</param>
    /// <param name="most">How many runners there may be, where there are none yet.</param>
    public static CpuRunners For(int threads, int most)
    {
        lock (InUse)
        {
            if (InUse.TryGetValue(threads, out CpuRunners? shared))
            {
                shared.users++;
                return shared;
            }

            var runners = new CpuRunners(most, threads);
            InUse.Add(threads, runners);
            return runners;
        }
    }

    /// <summary>
    /// Runs work on one of the runners and returns when it has finished; exceptions of the work are thrown here. On a runner's own thread
    /// it runs at once. Nothing is allocated once the runners exist. The work must not wait for another thread that uses the same backend,
    /// which may be waiting for this runner.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The backend and its sessions are disposed.</exception>
    /// <exception cref="BackendException">The system has not the threads to give.</exception>
    public void Perform(Action work)
    {
        if (ReferenceEquals(current, this))
        {
            work();
            return;
        }

        CpuRunner runner = Rent();
        try
        {
            runner.Perform(work);
        }
        finally
        {
            Return(runner);
        }
    }

    /// <summary>Keeps the runners for one more user, such as a session, which disposes them, too.</summary>
    public void Share()
    {
        lock (InUse)
            users++;
    }

    /// <summary>When the last user does it: waits for work that is being made and ends the runners; later work is refused.</summary>
    public void Dispose()
    {
        lock (InUse)
        {
            if (--users > 0)
                return;
            if (InUse.GetValueOrDefault(threads) == this)
                InUse.Remove(threads);
        }

        lock (gate)
        {
            disposed = true;
            Monitor.PulseAll(gate);
            while (idle.Count < all.Count)
                Monitor.Wait(gate);
            all.Clear();
            while (idle.TryPop(out CpuRunner? runner))
                runner.Dispose();
        }
    }

    /// <summary>Says that the current thread is one of these runners.</summary>
    internal void MakeCurrent() => current = this;

    /// <summary>Creates the exception for a thread that the system refuses to start.</summary>
    internal static BackendException NoThread(Exception? inner = null) => new(
        "The system does not let this process have as many threads as the CPU backend was asked to use; use fewer threads, "
        + "or raise the limit of the container or user.", CpuLibrary.File, inner: inner);

    private CpuRunner Rent()
    {
        lock (gate)
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(disposed, typeof(IBackend));
                if (idle.TryPop(out CpuRunner? runner))
                    return runner;
                if (all.Count < most)
                    return Start();
                Monitor.Wait(gate);
            }
        }
    }

    private CpuRunner Start()
    {
        // OpenMP ends the process where it cannot have its team.
        if (ControlGroup.Own.ThreadsLeft() < threads)
            throw NoThread();
        var runner = new CpuRunner(this);
        all.Add(runner);
        return runner;
    }

    private void Return(CpuRunner runner)
    {
        lock (gate)
        {
            idle.Push(runner);
            if (disposed)
                Monitor.PulseAll(gate);
            else
                Monitor.Pulse(gate);
        }
    }
}
