using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Verification.Reference;

namespace Sunet.Verification;

/// <summary>Checks every op and every kind of layer against the reference, on shapes that are easy to get wrong.</summary>
internal static class OpChecks
{
    /// <summary>
    /// The numbers of channels: one that is no multiple of a vector, some just below and above one vector, and whole vectors; even ones and
    /// odd multiples of eight.
    /// </summary>
    private static readonly int[] Widths = [3, 6, 11, 16, 24, 64];

    /// <summary>
    /// Checks one op. Seeds go through kernels 1, 3 and 7, strides 1 and 2, dilations up to 8, odd sizes, fused and plain, and inputs that
    /// come from the outside or from another op.
    /// </summary>
    /// <param name="backend">What to examine.</param>
    /// <param name="kind">One of <see cref="OpGraph.Kinds"/>.</param>
    /// <param name="options">How many shapes, and the arithmetic.</param>
    /// <param name="cancellation">Stops between two shapes.</param>
    public static SelfTestCheck Op(IBackend backend, string kind, SelfTestOptions options, CancellationToken cancellation = default)
    {
        bool coarse = options.Precision == Precision.Bf16;
        return Worst(SelfTestGroups.Op, kind, Enumerable.Range(0, options.Quick ? 4 : 12).Select(seed =>
        {
            cancellation.ThrowIfCancellationRequested();
            OpGraph op = OpGraph.Create(kind, seed, copies: seed / 2 % 2 == 1, Widths);
            return (op.Graph, Tolerances.OfOp(kind, op.Reduction, options.Precision));
        }), graph => OpComparison.Run(graph, backend, coarse: coarse));
    }

    /// <summary>Checks one kind of layer, with a loss behind it and all gradients.</summary>
    /// <param name="backend">What to examine.</param>
    /// <param name="kind">One of <see cref="LayerGraph.Kinds"/>.</param>
    /// <param name="options">How many shapes.</param>
    /// <param name="cancellation">Stops between two shapes.</param>
    public static SelfTestCheck Layer(IBackend backend, string kind, SelfTestOptions options, CancellationToken cancellation = default) =>
        Worst(SelfTestGroups.Layer, kind, Enumerable.Range(0, options.Quick ? 2 : 6).Select(seed =>
        {
            cancellation.ThrowIfCancellationRequested();
            return (LayerGraph.Create(kind, seed, learnsInput: false, differentiate: true).Graph, Tolerances.Layer);
        }), graph => OpComparison.Run(graph, backend));

    /// <summary>The error that is largest for its tolerance, over several graphs; time is summed.</summary>
    private static SelfTestCheck Worst(
        string group, string name, IEnumerable<(Graph Graph, double Tolerance)> graphs, Func<Graph, OpComparison> compare)
    {
        var worst = new SelfTestCheck(group, name, 0, 0, 0, 0, "");
        double ratio = -1, milliseconds = 0;
        long bytes = 0;
        foreach ((Graph graph, double tolerance) in graphs)
        {
            try
            {
                OpComparison comparison = compare(graph);
                milliseconds += comparison.Milliseconds;
                bytes = Math.Max(bytes, comparison.Bytes);
                foreach ((Value value, double error) in comparison.Errors.Where(e => e.Error / tolerance > ratio))
                {
                    ratio = error / tolerance;
                    worst = worst with { Error = error, Tolerance = tolerance, Detail = value.ToString() };
                }
            }
            catch (SunetException failure)
            {
                ratio = double.PositiveInfinity;
                worst = worst with { Error = double.PositiveInfinity, Tolerance = tolerance, Detail = failure.Message };
            }
        }

        return worst with { Milliseconds = milliseconds, Bytes = bytes };
    }
}
