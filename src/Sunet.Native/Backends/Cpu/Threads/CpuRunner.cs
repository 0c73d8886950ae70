using System.Runtime.ExceptionServices;

namespace Sunet.Native.Backends.Cpu.Threads;

/// <summary>A thread that makes one piece of work after the other for callers that wait for it; ends when disposed.</summary>
internal sealed class CpuRunner : IDisposable
{
    private readonly object gate = new();
    private readonly CpuRunners owner;
    private readonly Thread thread;
    private Action? work;
    private CallContext? caller;
    private ExceptionDispatchInfo? failure;
    private bool ending;

    /// <summary>Starts the thread.</summary>
    /// <param name="owner">Whose runner the thread is.</param>
    /// <exception cref="BackendException">The system has no thread to give.</exception>
    public CpuRunner(CpuRunners owner)
    {
        this.owner = owner;
        thread = new Thread(RunAll) { IsBackground = true, Name = "Sunet CPU" };
        try
        {
            // The thread serves every caller, so what flows with the first of them must not stay with it.
            thread.UnsafeStart();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            throw CpuRunners.NoThread(e);
        }
    }

    /// <summary>
    /// Runs work on the thread and returns when it has finished; exceptions of the work are thrown here. One caller may use it at a time.
    /// </summary>
    public void Perform(Action next)
    {
        ExceptionDispatchInfo? failed;
        lock (gate)
        {
            (work, caller) = (next, CallContext.Current);
            Monitor.PulseAll(gate);
            WaitUntilDone();
            (failed, failure) = (failure, null);
        }

        failed?.Throw();
    }

    /// <summary>Ends the thread, which has no work, and the team of threads that it keeps.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ending = true;
            Monitor.PulseAll(gate);
        }

        thread.Join();
    }

    /// <summary>Work reads and writes memory of its caller's, who therefore cannot be interrupted before it is done.</summary>
    private void WaitUntilDone()
    {
        bool interrupted = false;
        while (work is not null)
        {
            try
            {
                Monitor.Wait(gate);
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
            Thread.CurrentThread.Interrupt();
    }

    private void RunAll()
    {
        owner.MakeCurrent();
        while (Next() is { } next)
        {
            ExceptionDispatchInfo? failed = null;
            CallContext.WorkFor(caller!);
            try
            {
                next();
            }
            catch (Exception e)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }

            lock (gate)
            {
                (work, failure) = (null, failed);
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>Waits for work; null at the end.</summary>
    private Action? Next()
    {
        lock (gate)
        {
            while (work is null && !ending)
                Monitor.Wait(gate);
            return work;
        }
    }
}
