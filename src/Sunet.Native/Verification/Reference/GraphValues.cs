using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Verification;

/// <summary>Values for everything a graph reads, fixed by its name: variances positive, labels below the number of classes or 255.</summary>
internal static class GraphValues
{
    /// <param name="value">An input, a parameter or a buffer.</param>
    /// <param name="integers">Whether all elements are whole numbers from -3 to 3, whose sums of products are exact in float32.</param>
    public static float[] Of(Value value, bool integers = false)
    {
        string seed = $"{value.Name} {value.Shape}";
        if (value.Name.Contains("counted", StringComparison.Ordinal))
            return [7];
        if (value.Type == DataType.Int32)
            return Array.ConvertAll(Fill.Labels(seed, (int)value.Shape.Count, classes: 3, ignore: true), l => (float)l);
        bool variance = value.Name.EndsWith("var", StringComparison.Ordinal);
        return Array.ConvertAll(Fill.Unit(seed, value.Shape.Count),
            u => (float)(integers ? Math.Floor(7 * u) - 3 : variance ? 0.5 + u : (2 * u) - 1));
    }

    public static void Write(Graph graph, ReferenceExecutor executor, bool integers = false)
    {
        foreach (Value value in graph.Inputs.Concat(graph.Parameters).Concat(graph.Buffers))
            executor.Write(value, Of(value, integers).Select(v => (double)v));
    }
}
