using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Verification.Reference;

/// <summary>
/// Values for everything a graph reads, fixed by its name: variances and class weights positive, labels below 3 or 255, pixels any bytes,
/// classes below 6.
/// </summary>
internal static class GraphValues
{
    /// <param name="value">An input, a parameter or a buffer.</param>
    /// <param name="integers">Whether all elements are whole numbers from -3 to 3, whose sums of products are exact in float32.</param>
    /// <param name="coarse">
    /// Whether all elements are multiples of 1/32 between -1 and 1: they and the sum of any two are exact in bf16, so that what is rounded
    /// is the result of the op in question alone.
    /// </param>
    public static float[] Of(Value value, bool integers = false, bool coarse = false)
    {
        string seed = $"{value.Name} {value.Shape}";
        if (value.Name.Contains("counted", StringComparison.Ordinal))
            return [7];
        if (value.Type == DataType.Int32)
            return Array.ConvertAll(Fill.Labels(seed, (int)value.Shape.Count, classes: 3, ignore: true), l => (float)l);
        if (value.Type == DataType.UInt8)
        {
            int values = value.Shape.Rank == 4 ? 256 : 6;
            return Array.ConvertAll(Fill.Unit(seed, value.Shape.Count), u => (float)Math.Floor(values * u));
        }

        bool positive = value.Name.EndsWith("var", StringComparison.Ordinal) || value.Name == "class_weights";
        return Array.ConvertAll(Fill.Unit(seed, value.Shape.Count),
            u => (float)(integers ? Math.Floor(7 * u) - 3 : Shift(coarse ? Math.Floor(64 * u) / 64 : u, positive)));
    }

    public static void Write(Graph graph, ReferenceExecutor executor, bool integers = false, bool coarse = false)
    {
        foreach (Value value in graph.Inputs.Concat(graph.Parameters).Concat(graph.Buffers))
            executor.Write(value, Of(value, integers, coarse).Select(v => (double)v));
    }

    private static double Shift(double unit, bool positive) => positive ? 0.5 + unit : (2 * unit) - 1;
}
