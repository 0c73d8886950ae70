using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Compilation.Passes;

/// <summary>
/// A sum whose later operand comes from a convolution is made by that convolution, which adds its result onto the earlier operand in
/// place: one pass over memory less, one tensor less. Only where nothing reads the earlier operand afterwards. After differentiation.
/// </summary>
internal static class AccumulateResidual
{
    public static void Run(Graph graph)
    {
        Dictionary<Value, List<Op>> readers = graph.Readers();
        var position = new Dictionary<Op, int>();
        for (int i = 0; i < graph.Ops.Count; i++)
            position.Add(graph.Ops[i], i);

        foreach (Add add in graph.Ops.OfType<Add>().Where(a => a.Phase == Phase.Forward).ToArray())
        {
            (Value a, Value b) = (add.A, add.B);
            if (a.Producer is null || b.Producer is null || ReferenceEquals(a, b))
                continue;
            (Value earlier, Value later) = position[a.Producer] < position[b.Producer] ? (a, b) : (b, a);
            if (later.Producer is not Convolution { FusedRelu: false, Accumulator: null } convolution
                || readers[later].Count != 1 || graph.Outputs.Contains(later) || graph.Outputs.Contains(earlier)
                || readers[earlier].Any(r => r != add && position[r] > position[convolution])
                || readers[earlier].Contains(convolution))
            {
                continue;
            }

            var accumulating = new Convolution(convolution.Name, convolution.X, convolution.Weights, convolution.Bias,
                convolution.Geometry, accumulator: earlier);
            position[accumulating] = position[convolution];
            graph.Replace(convolution, accumulating);
            graph.Redirect(add.Output, accumulating.Output);
            graph.Remove(add);
            Update(readers, add, earlier, convolution, accumulating);
        }
    }

    /// <summary>Finding all readers anew after each sum would take time that grows with the square of the ops.</summary>
    private static void Update(
        Dictionary<Value, List<Op>> readers, Add add, Value earlier, Convolution convolution, Convolution accumulating)
    {
        readers[earlier].Remove(add);
        foreach (Value input in convolution.Inputs.Distinct())
            readers[input].Remove(convolution);
        foreach (Value input in accumulating.Inputs.Distinct())
            readers[input].Add(accumulating);
        if (readers.Remove(add.Output, out List<Op>? ofSum))
            readers.Add(accumulating.Output, ofSum);
    }
}
