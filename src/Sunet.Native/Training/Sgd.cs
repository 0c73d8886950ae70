using Sunet.Native.Backends;
using Sunet.Native.Compilation;

namespace Sunet.Native.Training;

/// <summary>Parameters that learn at another rate than the rest.</summary>
/// <param name="Name">For messages and logs.</param>
/// <param name="Matches">Whether a state-dict key belongs to the group.</param>
/// <param name="LearningRateMultiplier">Times the learning rate.</param>
public sealed record ParameterGroup(string Name, Func<string, bool> Matches, float LearningRateMultiplier)
{
    /// <summary>
    /// The authors' groups for fine-tuning: the head's weights learn 10 times and its biases 20 times as fast as the features.
    /// </summary>
    public static IReadOnlyList<ParameterGroup> FineTuning { get; } =
    [
        new("head.weight", key => IsHead(key) && !IsBias(key), 10),
        new("head.bias", key => IsHead(key) && IsBias(key), 20),
    ];

    private static bool IsHead(string key) => !key.StartsWith("features.", StringComparison.Ordinal);

    private static bool IsBias(string key) => key.EndsWith("bias", StringComparison.Ordinal);
}

/// <summary>Stochastic gradient descent with momentum, with PyTorch's definitions.</summary>
public sealed record SgdOptions
{
    /// <summary>The base learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>Momentum; 0 for none.</summary>
    public float Momentum { get; init; } = 0.95f;

    /// <summary>Whether the step looks ahead.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Subtracted from 1 for the gradient's share of the velocity.</summary>
    public float Dampening { get; init; }

    /// <summary>Weight decay on every parameter.</summary>
    public float WeightDecay { get; init; } = 1e-4f;

    /// <summary>
    /// Groups with a rate of their own; the first that matches a parameter holds. Empty: one rate for all, as training from scratch wants
    /// it; <see cref="ParameterGroup.FineTuning"/> for fine-tuning.
    /// </summary>
    public IReadOnlyList<ParameterGroup> Groups { get; init; } = [];

    /// <summary>Refuses rates that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (LearningRate is not (>= 0 and < double.PositiveInfinity))
            throw new ConfigurationException($"The learning rate {LearningRate} is not a number from 0 up.");
        if (Momentum is not (>= 0 and < 1))
            throw new ConfigurationException($"The momentum {Momentum} is not within [0, 1).");
        if (WeightDecay is not (>= 0 and < float.PositiveInfinity))
            throw new ConfigurationException($"The weight decay {WeightDecay} is not a number from 0 up.");
        if (Nesterov && (Momentum == 0 || Dampening != 0))
            throw new ConfigurationException("Nesterov's step needs a momentum above 0 and no dampening.");
    }
}

/// <summary>
/// Updates a plan's parameters at the rates of their groups. The updates are prepared; disposing this releases them, before the plan.
/// </summary>
internal sealed class Sgd : IDisposable
{
    private readonly List<(ParameterUpdate Update, float Multiplier)> updates = [];

    /// <param name="plan">A training plan with an optimizer slot for the velocity.</param>
    /// <param name="options">Rates and groups.</param>
    /// <param name="fromSum">Whether gradients are read from their sum over several batches, in place of the plan's own.</param>
    /// <param name="gradientScale">Times every gradient.</param>
    public Sgd(PlanTraining plan, SgdOptions options, bool fromSum, float gradientScale)
    {
        var arguments = new SgdArguments(options.Momentum, options.Dampening, options.WeightDecay, gradientScale, options.Nesterov);
        try
        {
            plan.PrepareUpdates(
                arguments, name => options.Groups.FirstOrDefault(g => g.Matches(name))?.LearningRateMultiplier ?? 1, fromSum, updates);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Sets the base rate of the next update.</summary>
    public void SetLearningRate(double rate)
    {
        foreach ((ParameterUpdate update, float multiplier) in updates)
            update.SetLearningRate((float)(rate * multiplier));
    }

    /// <summary>Makes one update.</summary>
    public void Update()
    {
        foreach ((ParameterUpdate update, _) in updates)
            update.Run();
    }

    public void Dispose()
    {
        foreach ((ParameterUpdate update, _) in updates)
            update.Dispose();
        updates.Clear();
    }
}
