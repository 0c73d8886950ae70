using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Gradients;

/// <summary>
/// Holds the gradients that a differentiated graph computes against central differences of a forward graph's loss, in float64.
/// <para>
/// The difference formula is of fourth order: at a step of 3e-4 along a direction of unit length its truncation is 3e-16 times a fifth
/// derivative, which normalisation over few values makes large, and rounding adds some 1e-16 / h. A step is only taken if no ReLU's input
/// changes its sign anywhere in the network between the outermost points; otherwise it shrinks, at the cost of more rounding.
/// </para>
/// </summary>
internal sealed class GradientCheck
{
    private const double RelativeTolerance = 1e-6;

    /// <summary>A loss is a sum of rounded terms; some tens of units in the last place of it come from anywhere in the network.</summary>
    private const double RoundingUnits = 32 * 2.2e-16;

    private static readonly double[] Steps = [3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6];
    private readonly Graph forward;
    private readonly Value loss;
    private readonly ReferenceExecutor executor;
    private readonly Dictionary<string, double[]> gradients;

    /// <param name="forward">A forward graph, written to by <paramref name="write"/>.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="differentiated">The graph whose gradients are checked; it has the same parameters.</param>
    /// <param name="write">Writes inputs, parameters and buffers of either graph.</param>
    /// <param name="afterOp">Changes what the differentiated graph computes: planted bugs.</param>
    public GradientCheck(Graph forward, Value loss, Graph differentiated, Action<Graph, ReferenceExecutor> write,
        Action<Op, IReadOnlyList<double[]>>? afterOp = null)
    {
        this.forward = forward;
        this.loss = loss;
        executor = new ReferenceExecutor(forward);
        write(forward, executor);
        var backward = new ReferenceExecutor(differentiated) { AfterOp = afterOp };
        write(differentiated, backward);
        backward.Run(Phase.Forward);
        backward.Run(Phase.Backward);
        gradients = differentiated.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null)
            .ToDictionary(v => v.GradientOf!.Name, v => backward[v]);
    }

    /// <summary>Directions for which even the smallest step crossed a kink; such a direction says nothing.</summary>
    public int Skipped { get; private set; }

    /// <summary>Directions that were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>The worst of all comparisons, and where.</summary>
    public (double Error, string Where) Worst { get; private set; } = (0, "nothing");

    /// <summary>One random direction in every parameter tensor, and some single elements.</summary>
    /// <param name="singles">How many elements of each tensor are checked on their own.</param>
    /// <param name="selected">Which parameters; all by default.</param>
    /// <param name="enough">An error at which the check may stop.</param>
    /// <returns>The largest error over its tolerance: up to 1 is sound.</returns>
    public double Run(int singles, Func<string, bool>? selected = null, double enough = double.PositiveInfinity)
    {
        Assert.Equal(forward.Parameters.Select(p => p.Name).Order(), gradients.Keys.Order());
        foreach (Value parameter in forward.Parameters.Where(p => selected?.Invoke(p.Name) != false))
        {
            if (Worst.Error > enough)
                break;
            int count = (int)parameter.Shape.Count;
            double[] unit = Array.ConvertAll(Fill.Unit("direction/" + parameter.Name, count), u => (2 * u) - 1);
            double length = Math.Sqrt(unit.Sum(v => v * v));
            Compare(parameter, Array.ConvertAll(unit, v => v / length), "a random direction");
            foreach (int element in Fill.Unit("elements/" + parameter.Name, Math.Min(singles, count)).Select(u => (int)(u * count)))
            {
                var direction = new double[count];
                direction[element] = 1;
                Compare(parameter, direction, $"element {element}");
            }
        }

        return Worst.Error;
    }

    private static bool Clamps(Op op) => op is Relu or BatchNormApply { FusedRelu: true };

    private void Compare(Value parameter, double[] direction, string what)
    {
        double[] gradient = gradients[parameter.Name];
        double claimed = gradient.Zip(direction, (g, d) => g * d).Sum();
        if (Difference(parameter, direction) is not (double measured, double rounding))
        {
            Skipped++;
            return;
        }

        // A random direction of unit length sees |gradient| / sqrt(n) on average; where it sees less by chance, rounding is not less.
        double scale = Math.Sqrt(gradient.Sum(g => g * g) / gradient.Length);
        double error = Math.Abs(measured - claimed) / ((RelativeTolerance * Math.Max(Math.Abs(claimed), scale)) + rounding);
        Compared++;
        if (!(error <= Worst.Error))
            Worst = (error, $"{parameter.Name}, {what}: {claimed:R} claimed, {measured:R} measured");
    }

    /// <summary>The derivative along a direction and what rounding may add to it; null if every step crosses a kink.</summary>
    private (double Derivative, double Rounding)? Difference(Value parameter, double[] direction)
    {
        double[] original = [.. executor[parameter]];
        try
        {
            foreach (double step in Steps)
            {
                (double low, bool[] lowSigns) = Evaluate(-2 * step);
                (double high, bool[] highSigns) = Evaluate(2 * step);
                if (!lowSigns.AsSpan().SequenceEqual(highSigns))
                    continue;
                double inner = Evaluate(step).Loss - Evaluate(-step).Loss;
                return (((8 * inner) - (high - low)) / (12 * step), RoundingUnits * Math.Abs(high) / step);
            }

            return null;
        }
        finally
        {
            executor.Write(parameter, original);
        }

        (double Loss, bool[] Signs) Evaluate(double distance)
        {
            executor.Write(parameter, original.Zip(direction, (p, d) => p + (distance * d)));
            executor.Run(Phase.Forward);
            return (executor[loss][0], [.. forward.Ops.Where(Clamps).SelectMany(o => executor[o.Output]).Select(v => v > 0)]);
        }
    }
}
