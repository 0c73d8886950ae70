using Sunet.Native.Compilation;
using Sunet.Native.Graphs;

namespace Sunet.Native.Training;

/// <summary>Parameters that learn at another rate than the rest.</summary>
/// <param name="Name">For messages and logs.</param>
/// <param name="Matches">Whether a state-dict key belongs to the group.</param>
/// <param name="LearningRateMultiplier">Times the learning rate.</param>
public sealed record ParameterGroup(string Name, Func<string, bool> Matches, float LearningRateMultiplier)
{
    /// <summary>
    /// The authors' groups for fine-tuning: the last layers' weights learn 10 times and their biases 20 times as fast as the features.
    /// </summary>
    public static IReadOnlyList<ParameterGroup> FineTuning { get; } =
    [
        new("final.weight", key => key.StartsWith("final.", StringComparison.Ordinal) && !key.EndsWith("bias", StringComparison.Ordinal), 10),
        new("final.bias", key => key.StartsWith("final.", StringComparison.Ordinal) && key.EndsWith("bias", StringComparison.Ordinal), 20),
    ];
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
/// velocities lie in the same order.
/// </summary>
internal sealed class Sgd
{
    private readonly Plan plan;
    private readonly SgdOptions options;
    private readonly List<Run> runs = [];
    private readonly nint parameters, gradients, velocity;

    /// <param name="plan">A training plan with an optimizer slot for the velocity.</param>
    /// <param name="options">Rates and groups.</param>
    /// <param name="gradientRegion">Where gradients are read: the plan's own region or an accumulator.</param>
    public Sgd(Plan plan, SgdOptions options, MemoryPlan.Region gradientRegion)
    {
        this.plan = plan;
        this.options = options;
        parameters = plan.AddressOf(plan.Memory.Parameters);
        gradients = plan.AddressOf(gradientRegion);
        velocity = plan.AddressOf(plan.Memory.OptimizerSlots[0]);
        HashSet<Value> trained = [.. plan.Graph.Ops.SelectMany(o => o.Outputs).Select(o => o.GradientOf).OfType<Value>()];
        IReadOnlyList<Value> all = plan.Graph.Parameters;
        for (int i = 0; i < all.Count; i++)
        {
            if (!trained.Contains(all[i]))
                continue;
            long start = plan.Memory.OffsetOf(all[i]) - plan.Memory.Parameters.Offset;
            long end = i + 1 < all.Count ? plan.Memory.OffsetOf(all[i + 1]) - plan.Memory.Parameters.Offset : plan.Memory.Parameters.Bytes;
            float multiplier = options.Groups.FirstOrDefault(g => g.Matches(all[i].Name))?.LearningRateMultiplier ?? 1;
            if (runs.Count > 0 && runs[^1].Multiplier == multiplier && runs[^1].End == start)
                runs[^1] = runs[^1] with { End = end };
            else
                runs.Add(new Run(start, end, multiplier));
        }
    }

    /// <summary>Makes one update.</summary>
    /// <param name="learningRate">The base rate at this step.</param>
    /// <param name="gradientScale">Times every gradient.</param>
    public void Update(double learningRate, float gradientScale)
    {
        foreach (Run run in runs)
        {
            var arguments = new SgdArguments((float)(learningRate * run.Multiplier), options.Momentum, options.Dampening,
                options.WeightDecay, gradientScale, options.Nesterov);
            plan.Session.SgdUpdate(arguments, (run.End - run.Start) / sizeof(float), parameters + (nint)run.Start,
                gradients + (nint)run.Start, velocity + (nint)run.Start);
        }
    }

    private readonly record struct Run(long Start, long End, float Multiplier);
}
