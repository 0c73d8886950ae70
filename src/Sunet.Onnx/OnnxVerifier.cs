using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Onnx;

/// <summary>Runs an exported file in ONNX Runtime and compares it with the model.</summary>
internal static class OnnxVerifier
{
    /// <summary>
    /// The largest relative error of a faithful export. Two float32 implementations of a hundred layers differ by some 1e-6 in L2; a layer
    /// that is shifted, padded or scaled wrongly, by 1e-2 and more.
    /// </summary>
    public const double Tolerance = 1e-4;

    private const int Seed = 17;

    /// <summary>Compares at several input sizes, on the same uniform noise each time.</summary>
    /// <param name="model">The model that was exported.</param>
    /// <param name="session">Its file.</param>
    /// <param name="images">The sizes, [N, 3, H, W].</param>
    /// <param name="backend">Where the model runs.</param>
    /// <param name="memoryLimit">The bytes that the model's plan may take.</param>
    /// <param name="cancellation">Stops between sizes.</param>
    /// <exception cref="ConfigurationException">A size is below <see cref="SunetGraph.SmallestSize"/>.</exception>
    /// <exception cref="MemoryException">A size needs more memory than there is.</exception>
    /// <exception cref="BackendException">ONNX Runtime or the backend fails, or the output has another shape.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IReadOnlyList<OnnxDifference> Compare(SunetModel model, OnnxSession session, IReadOnlyList<Shape> images,
        IBackend backend, long memoryLimit = long.MaxValue, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(images);
        var differences = new List<OnnxDifference>();
        foreach (Shape image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            differences.Add(Compare(model, session, image, backend, memoryLimit));
        }

        return differences;
    }

    /// <summary>The difference of two outputs of one shape.</summary>
    /// <param name="image">The input they come from.</param>
    /// <param name="shape">Theirs, [N, classes, H, W]; H and W are 1 for a classifier.</param>
    /// <param name="expected">The model's, row-major.</param>
    /// <param name="actual">The file's, row-major.</param>
    public static OnnxDifference Difference(Shape image, Shape shape, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double largest = 0, distance = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - actual[i]);
            if (!double.IsFinite(difference))
                return new OnnxDifference(image, double.PositiveInfinity, double.PositiveInfinity, 0);
            largest = Math.Max(largest, difference);
            distance += difference * difference;
            norm += (double)expected[i] * expected[i];
        }

        double error = norm > 0 ? Math.Sqrt(distance / norm) : Math.Sqrt(distance);
        return new OnnxDifference(image, largest, error, Agreement(shape, expected, actual));
    }

    private static OnnxDifference Compare(SunetModel model, OnnxSession session, Shape image, IBackend backend, long memoryLimit)
    {
        SunetGraph network = SunetGraph.ForInference(model.Spec, image);
        Shape shape = network.Graph.MarkOutput(network.Logits).Shape;
        int pixelCount = image.ArrayLength, logitCount = shape.ArrayLength; // too large a size is refused before anything is computed
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions { MemoryLimit = memoryLimit });
        var random = new Random(Seed);
        var pixels = new float[pixelCount];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (4 * random.NextSingle()) - 2;
        var expected = new float[logitCount];
        plan.Load(model.Read);
        plan.Write(network.Image, pixels);
        plan.Run(Phase.Forward);
        plan.Read(network.Logits, expected);

        (float[] actual, Shape got) = session.Run(pixels, image);
        Shape wanted = model.Spec.Head == SunetHead.Segmenter ? shape : new Shape(shape.Batch, shape.Channels);
        if (got != wanted)
        {
            throw new BackendException($"The ONNX file gives {session.OutputName} {got} for an image {image} where {wanted} is due.",
                OnnxSession.Library);
        }

        return Difference(image, shape, expected, actual);
    }

    private static double Agreement(Shape shape, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        int plane = shape.Height * shape.Width, equal = 0;
        for (int batch = 0; batch < shape.Batch; batch++)
        {
            int start = batch * shape.Channels * plane;
            for (int pixel = start; pixel < start + plane; pixel++)
            {
                if (Likeliest(expected[pixel..], plane, shape.Channels) == Likeliest(actual[pixel..], plane, shape.Channels))
                    equal++;
            }
        }

        return (double)equal / (shape.Batch * plane);
    }

    private static int Likeliest(ReadOnlySpan<float> logits, int plane, int classes)
    {
        int best = 0;
        for (int c = 1; c < classes; c++)
        {
            if (logits[c * plane] > logits[best * plane])
                best = c;
        }

        return best;
    }
}
