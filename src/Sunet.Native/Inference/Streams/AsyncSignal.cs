using System.Threading.Tasks.Sources;

namespace Sunet.Native.Inference.Streams;

/// <summary>
/// A signal that one asynchronous method waits for, again and again, without allocating. A signal set while nobody waits ends the next wait
/// at once.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource, IThreadPoolWorkItem
{
    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<bool> core;
    private bool isSet, isWaiting;

    /// <summary>Waits for the signal and takes it.</summary>
    public ValueTask WaitAsync()
    {
        lock (gate)
        {
            if (isSet)
            {
                isSet = false;
                return ValueTask.CompletedTask;
            }

            core.Reset();
            isWaiting = true;
            return new ValueTask(this, core.Version);
        }
    }

    /// <summary>Sets the signal. Who waits goes on on a thread of the pool.</summary>
    public void Set()
    {
        lock (gate)
        {
            if (!isWaiting)
            {
                isSet = true;
                return;
            }

            isWaiting = false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
