using Sunet.Native.Backends;
using Sunet.Native.Compilation;

namespace Sunet.Native.Training;

/// <summary>
/// Keeps an exponential moving average of a plan's parameters and buffers. The updates are prepared; disposing this releases them, before
/// the plan.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly List<ParameterUpdate> updates = [];
    private readonly double decay;

    /// <param name="plan">A training plan that keeps averages.</param>
    /// <param name="decay">The decay after many steps.</param>
    public WeightAverage(PlanTraining plan, double decay)
    {
        this.decay = decay;
        try
        {
            plan.PrepareAverages(updates);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Refuses a decay that makes no average.</summary>
    /// <exception cref="ConfigurationException">The decay is not within [0, 1).</exception>
    public static void Validate(double decay)
    {
        if (decay is not (>= 0 and < 1))
            throw new ConfigurationException($"The decay {decay} of an average is not within [0, 1).");
    }

    /// <summary>Sets the decay of the next update. Early on it is less than later, so that the first weights are soon forgotten.</summary>
    /// <param name="step">Updates made before it.</param>
    public void SetStep(long step)
    {
        double kept = Math.Min(decay, (1.0 + step) / (10.0 + step));
        foreach (ParameterUpdate update in updates)
            update.SetLearningRate((float)(1 - kept));
    }

    /// <summary>Moves the averages towards the values.</summary>
    public void Update()
    {
        foreach (ParameterUpdate update in updates)
            update.Run();
    }

    public void Dispose()
    {
        foreach (ParameterUpdate update in updates)
            update.Dispose();
        updates.Clear();
    }
}
