using System.Diagnostics;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;
using Sunet.Verification.Golden;
using Sunet.Verification.Reference;

namespace Sunet.Verification;

/// <summary>The results of a graph on a backend and on the reference in float64, and the error between them.</summary>
/// <param name="Errors">L2 error of everything the graph keeps, relative to what the reference has.</param>
/// <param name="Milliseconds">From the first call on the backend to the last result read.</param>
/// <param name="Bytes">The plan's memory.</param>
/// <param name="Results">What the backend has for everything the graph keeps, in the order of the errors.</param>
internal sealed record OpComparison(
    IReadOnlyList<(Value Value, double Error)> Errors, double Milliseconds, long Bytes, IReadOnlyList<double[]> Results)
{
    /// <summary>Runs a graph on both.</summary>
    /// <exception cref="SunetException">The backend refuses or fails.</exception>
    public static OpComparison Run(Graph graph, IBackend backend, bool integers = false, bool coarse = false)
    {
        Value[] kept = [.. graph.Outputs, .. graph.Buffers, .. graph.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null)];
        if (kept.Length == 0)
            throw new ArgumentException("The graph keeps nothing that could be compared.", nameof(graph));
        var reference = new ReferenceExecutor(graph);
        GraphValues.Write(graph, reference, integers, coarse);
        reference.Run();

        using Plan plan = Plan.Compile(graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        foreach (Value value in graph.Inputs.Concat(graph.Parameters).Concat(graph.Buffers))
            Write(plan, value, GraphValues.Of(value, integers, coarse));
        var watch = Stopwatch.StartNew();
        foreach (Phase phase in Enum.GetValues<Phase>())
            plan.Run(phase);
        double[][] results = [.. kept.Select(v => Read(plan, v))];
        double milliseconds = watch.Elapsed.TotalMilliseconds;
        return new OpComparison([.. kept.Select((v, i) => (v, Error(results[i], reference[v])))], milliseconds, plan.Memory.TotalBytes,
            results);
    }

    /// <summary>
    /// Gives the L2 distance relative to the expected values: the largest element where these are zero, and infinity if any element is not
    /// finite.
    /// </summary>
    public static double Error(double[] actual, double[] expected)
    {
        if (!actual.All(double.IsFinite))
            return double.PositiveInfinity;
        return expected.All(e => e == 0) ? actual.Max(Math.Abs) : GoldenErrors.Distance(actual, expected);
    }

    private static void Write(Plan plan, Value value, float[] elements)
    {
        switch (value.Type)
        {
            case DataType.Int32:
                plan.Write(value, Array.ConvertAll(elements, v => (int)v));
                break;
            case DataType.UInt8:
                plan.Write(value, Array.ConvertAll(elements, v => (byte)v));
                break;
            default:
                plan.Write(value, elements);
                break;
        }
    }

    private static double[] Read(Plan plan, Value value)
    {
        switch (value.Type)
        {
            case DataType.Int32:
                var integers = new int[value.Shape.Count];
                plan.Read(value, integers);
                return Array.ConvertAll(integers, v => (double)v);
            case DataType.UInt8:
                var bytes = new byte[value.Shape.Count];
                plan.Read(value, bytes);
                return Array.ConvertAll(bytes, v => (double)v);
            default:
                var floats = new float[value.Shape.Count];
                plan.Read(value, floats);
                return Array.ConvertAll(floats, v => (double)v);
        }
    }
}
