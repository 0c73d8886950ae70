namespace Sunet.Native.Backends;

/// <summary>The rates of one update of stochastic gradient descent, with PyTorch's definitions.</summary>
/// <param name="Momentum">Of the velocity; 0 for none.</param>
/// <param name="Dampening">Subtracted from 1 for the gradient's share of the velocity.</param>
/// <param name="WeightDecay">Times the parameter, added to the gradient.</param>
/// <param name="GradientScale">Times the gradient, before anything else.</param>
/// <param name="Nesterov">Whether the step looks ahead.</param>
public readonly record struct SgdArguments(
    float Momentum, float Dampening, float WeightDecay, float GradientScale, bool Nesterov);

/// <summary>Work beside the graph's own calls, made ready to run many times. The caller disposes it, before the session.</summary>
public abstract class PreparedWork : IDisposable
{
    private bool disposed;

    /// <summary>Runs the work. Allocates nothing once it has run twice.</summary>
    /// <exception cref="BackendException">The library failed.</exception>
    /// <exception cref="ObjectDisposedException">The work is disposed, or what it works on.</exception>
    public void Run()
    {
        ThrowIfDisposed();
        Work();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Does the work.</summary>
    protected abstract void Work();

    /// <summary>Refuses what needs the prepared work once it is released.</summary>
    /// <exception cref="ObjectDisposedException">The work is disposed.</exception>
    protected void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed), this);

    /// <summary>Releases what was prepared; called once.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Stochastic gradient descent on some parameters; does nothing after a step whose check found it not sound.</summary>
public abstract class ParameterUpdate : PreparedWork
{
    /// <summary>Sets the learning rate of the following runs, recorded ones included.</summary>
    public abstract void SetLearningRate(float rate);
}

/// <summary>What the check of a step found.</summary>
/// <param name="Loss">Its loss.</param>
/// <param name="InvalidLabels">How many labels were out of range.</param>
/// <param name="GradientsAreFinite">Whether no gradient is NaN or infinite.</param>
public readonly record struct StepCheck(float Loss, int InvalidLabels, bool GradientsAreFinite)
{
    /// <summary>Whether the step may change the weights.</summary>
    public bool IsSound => InvalidLabels == 0 && float.IsFinite(Loss) && GradientsAreFinite;
}

/// <summary>Marks moments of a device's time and tells the time between them; nothing waits until a time is asked for.</summary>
public interface ICallClock : IDisposable
{
    /// <summary>Marks the moment when the work asked for so far is done.</summary>
    void Mark(int mark);

    /// <summary>Milliseconds from one mark to another; waits for them.</summary>
    double Milliseconds(int from, int to);
}
