using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Classifies whole images. The plan of the latest shape is kept, so that batches of one shape compile once. Calls from several threads run
/// one after the other, and disposing the classifier waits for the running call.
/// </summary>
public sealed class ImageClassifier : IDisposable
{
    private readonly CallGate gate = new(typeof(ImageClassifier));
    private readonly IBackend backend;
    private readonly WeightStore weights;
    private ClassifierPlan? plan;
    private Shape planned;

    /// <summary>Prepares classification.</summary>
    /// <param name="model">A classifier; its weights are read when a shape is compiled and must not change in between.</param>
    /// <param name="backend">Where it runs; it must outlive the classifier.</param>
    /// <exception cref="ConfigurationException">The model is no classifier.</exception>
    public ImageClassifier(ISunetWeights model, IBackend backend)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(backend);
        if (model.Spec.Head != SunetHead.Classifier)
            throw new ConfigurationException("Only a classifier tells the class of an image; this model is a segmenter.");
        Model = model;
        this.backend = backend;
        weights = new WeightStore(backend);
    }

    /// <summary>The model.</summary>
    public ISunetWeights Model { get; }

    /// <summary>The class probabilities of a batch.</summary>
    /// <param name="images">[N, 3, H, W] pixels normalised as the model's spec says, row-major.</param>
    /// <param name="shape">[N, 3, H, W].</param>
    /// <param name="probabilities">Receives [N, classes]; those of an image sum to 1.</param>
    /// <exception cref="ArgumentException">A size does not fit.</exception>
    /// <exception cref="MemoryException">The batch does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of the call that runs made the call.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public void Probabilities(ReadOnlySpan<float> images, Shape shape, Span<float> probabilities)
    {
        if (shape.Rank != 4 || shape.Channels != 3 || images.Length != shape.Count)
            throw new ArgumentException($"{images.Length} values are no images of {shape}.", nameof(images));
        if (probabilities.Length != (long)shape.Batch * Model.Spec.Classes)
        {
            throw new ArgumentException(
                $"There are {shape.Batch} x {Model.Spec.Classes} probabilities, not {probabilities.Length}.", nameof(probabilities));
        }

        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
        using (gate.Enter())
            PlanFor(shape).Run(images, probabilities);
        SunetTelemetry.NetworkRan();
        SunetTelemetry.Predicted(work, shape.Batch);
    }

    /// <summary>
    /// Gives the class probabilities of one image as it is: it is neither resized nor cropped, unless a side is below 32 pixels.
    /// </summary>
    /// <param name="image">[H, W].</param>
    /// <param name="probabilities">Receives [classes]; they sum to 1.</param>
    /// <exception cref="ArgumentException">The number of probabilities is not that of the classes.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of the call that runs made the call.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    public void Probabilities(ReadOnlySpan2D<Rgb> image, Span<float> probabilities)
    {
        using SpanOwner<float> pixels = HostBuffer.Rent<float>(new Shape(3, image.Height, image.Width));
        Pixels.Normalise(image, Model.Spec.Normalization, pixels.Span);
        Probabilities(pixels.Span, new Shape(1, 3, image.Height, image.Width), probabilities);
    }

    /// <summary>Waits for the call that runs, which ends as usual; later ones are refused.</summary>
    /// <exception cref="InvalidOperationException">A callback of the call that runs wants it.</exception>
    public void Dispose() => gate.Close(() =>
    {
        plan?.Dispose();
        plan = null;
        weights.Dispose();
    });

    private ClassifierPlan PlanFor(Shape shape)
    {
        if (plan is not null && planned == shape)
            return plan;
        plan?.Dispose();
        plan = null;
        plan = new ClassifierPlan(Model, shape, backend, weights);
        planned = shape;
        return plan;
    }
}
