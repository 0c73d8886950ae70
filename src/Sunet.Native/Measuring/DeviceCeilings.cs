using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Measuring;

/// <summary>
/// What a device reaches at best, measured on it: the two limits of the roofline model (Williams, Waterman, Patterson, "Roofline: an
/// insightful visual performance model for multicore architectures", CACM 52(4), 2009).
/// </summary>
/// <param name="GigaflopsPerSecond">10^9 floating-point operations a second of a matrix product, a multiply-add counted as two.</param>
/// <param name="GigabytesPerSecond">10^9 bytes a second, read and written, of a pass over a large array.</param>
internal sealed record DeviceCeilings(double GigaflopsPerSecond, double GigabytesPerSecond)
{
    private const int SmallestSide = 128, LargestSide = 8192;
    private const int SmallestArray = 1 << 18, LargestArray = 1 << 26;

    /// <summary>A run that takes so long is not one of a cache, or of starting threads or kernels.</summary>
    private const double LongEnoughMilliseconds = 10;

    private static readonly PlanTimingOptions Options = new() { WarmUp = 1, Iterations = 5 };

    /// <summary>The operations for a byte from which on arithmetic, and not memory, is the limit.</summary>
    public double FlopsPerByte => GigaflopsPerSecond / GigabytesPerSecond;

    /// <summary>Measures; about a second on a CPU. The arithmetic is that which the backend's convolutions use.</summary>
    /// <param name="backend">Where; as busy as it is.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <exception cref="MemoryException">There is not even memory for a small matrix.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DeviceCeilings Measure(IBackend backend, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return new DeviceCeilings(
            Best(backend, Products, call => call.Flops, SmallestSide, LargestSide, cancellation),
            Best(backend, Passes, call => call.Bytes, SmallestArray, LargestArray, cancellation));
    }

    /// <summary>Whether a call has so little arithmetic for its bytes that memory is its limit.</summary>
    public bool IsMemoryBound(CallTiming call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return call.FlopsPerByte < FlopsPerByte;
    }

    /// <summary>
    /// How near a call comes to the limit that it meets first, as a share of 1. Above 1 are calls whose values are still in a cache, and
    /// convolutions by an algorithm with fewer operations than the direct sum that is counted.
    /// </summary>
    public double ShareOfPeak(CallTiming call) => IsMemoryBound(call)
        ? call.GigabytesPerSecond / GigabytesPerSecond
        : call.GigaflopsPerSecond / GigaflopsPerSecond;

    /// <summary>The largest rate of any call, in 10^9 a second, over sizes that double until a run takes long or memory ends.</summary>
    private static double Best(
        IBackend backend, Func<int, Graph> build, Func<CallTiming, long> work, int size, int largest, CancellationToken cancellation)
    {
        double best = 0;
        for (; size <= largest; size *= 2)
        {
            PlanTimings timings;
            try
            {
                timings = Time(backend, build(size), cancellation);
            }
            catch (MemoryException) when (best > 0)
            {
                break;
            }

            CallTiming fastest = timings.Calls.MaxBy(Rate)!;
            best = Math.Max(best, Rate(fastest));
            if (fastest.LeastMilliseconds >= LongEnoughMilliseconds)
                break;
        }

        return best;

        double Rate(CallTiming call) => work(call) / (1e6 * call.LeastMilliseconds);
    }

    private static PlanTimings Time(IBackend backend, Graph graph, CancellationToken cancellation)
    {
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions(), cancellation);
        foreach (Value value in graph.Inputs.Concat(graph.Parameters))
            plan.Write(value, Elements(value.Shape.Count));

        // No run overwrites what was written here: every input is read by calls that write elsewhere.
        return PlanTimings.Measure(new TimedPlan(plan, () => { }), Options, cancellation: cancellation);
    }

    /// <summary>Ordinary numbers of both signs; hardware may be faster on zeros.</summary>
    private static float[] Elements(long count)
    {
        const int Period = 251;
        var elements = new float[count];
        for (int i = 0; i < elements.Length; i++)
            elements[i] = ((i % Period) - (Period / 2)) / (float)Period;
        return elements;
    }

    /// <summary>
    /// The product of two n x n matrices, as a 1x1 convolution and as a fully connected layer: a backend may use other arithmetic for one.
    /// A first convolution, of an image's three channels, brings the convolution's input into the layout it has inside a network.
    /// </summary>
    private static Graph Products(int n)
    {
        const int Rgb = 3;
        var graph = new Graph();
        int width = 1 << (int)Math.Ceiling(Math.Log2(n) / 2);
        Value image = graph.Input("image", new Shape(1, Rgb, n / width, width)), rows = graph.Input("rows", new Shape(n, n, 1, 1));
        Value inside = Pointwise("first", image, Rgb);
        graph.MarkOutput(Pointwise("convolution", inside, n));
        Value weights = graph.Parameter("weights", new Shape(n, n)), bias = graph.Parameter("bias", new Shape(n));
        graph.MarkOutput(graph.Add(new Linear("linear", rows, weights, bias)).Output);
        return graph;

        Value Pointwise(string name, Value x, int channels) => graph.Add(new Convolution(
            name, x, graph.Parameter(name + ".weights", new Shape(n, channels, 1, 1)), null, ConvolutionGeometry.Square())).Output;
    }

    /// <summary>Two passes over n elements: from one array to another, and in place.</summary>
    private static Graph Passes(int n)
    {
        const int Channels = 64;
        var graph = new Graph();
        int width = 1 << (int)Math.Ceiling(Math.Log2(n / Channels) / 2);
        Value x = graph.Input("x", new Shape(1, Channels, n / Channels / width, width));
        Value copied = graph.Add(new Relu("copied", x)).Output;
        graph.MarkOutput(graph.Add(new Relu("changed", copied)).Output);
        return graph;
    }
}
