using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;

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
/// Updates a plan's parameters. Neighbours in the arena that share a rate are updated by one call, since parameters, gradients and
/// velocities lie in the same order. The updates are prepared; disposing this releases them, before the plan.
/// </summary>
internal sealed class Sgd : IDisposable
{
    private readonly List<(ParameterUpdate Update, float Multiplier)> updates = [];

    /// <param name="plan">A training plan with an optimizer slot for the velocity.</param>
    /// <param name="options">Rates and groups.</param>
    /// <param name="gradientRegion">Where gradients are read: the plan's own region or an accumulator.</param>
    /// <param name="gradientScale">Times every gradient.</param>
    public Sgd(Plan plan, SgdOptions options, MemoryPlan.Region gradientRegion, float gradientScale)
    {
        var arguments = new SgdArguments(options.Momentum, options.Dampening, options.WeightDecay, gradientScale, options.Nesterov);
        MemoryPlan memory = plan.Memory;
        try
        {
            foreach (Run run in Runs(plan, options))
            {
                Value first = run.First;
                nint offset = (nint)(memory.OffsetOf(first) - memory.Parameters.Offset);
                nint copy = memory.ParameterCopy.Bytes == 0 ? 0 : plan.Addresses.CopyOf(first);
                ParameterUpdate update = plan.Session.PrepareUpdate(arguments, run.Bytes / sizeof(float), plan.AddressOf(first), copy,
                    plan.AddressOf(gradientRegion) + offset, plan.AddressOf(memory.OptimizerSlots[0]) + offset);
                updates.Add((update, run.Multiplier));
            }
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

    private static List<Run> Runs(Plan plan, SgdOptions options)
    {
        HashSet<Value> trained = [.. plan.Graph.Ops.SelectMany(o => o.Outputs).Select(o => o.GradientOf).OfType<Value>()];
        IReadOnlyList<Value> all = plan.Graph.Parameters;
        var runs = new List<Run>();
        long end = -1;
        for (int i = 0; i < all.Count; i++)
        {
            if (!trained.Contains(all[i]))
                continue;
            long start = plan.Memory.OffsetOf(all[i]);
            long next = i + 1 < all.Count ? plan.Memory.OffsetOf(all[i + 1]) : plan.Memory.Parameters.Offset + plan.Memory.Parameters.Bytes;
            float multiplier = options.Groups.FirstOrDefault(g => g.Matches(all[i].Name))?.LearningRateMultiplier ?? 1;
            if (runs.Count > 0 && runs[^1].Multiplier == multiplier && end == start)
                runs[^1] = runs[^1] with { Bytes = runs[^1].Bytes + next - start };
            else
                runs.Add(new Run(all[i], next - start, multiplier));
            end = next;
        }

        return runs;
    }

    private readonly record struct Run(Value First, long Bytes, float Multiplier);
}
