using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Shows what a network makes of an image on its way, as the paper does for its levels (section 7.6): of every level the strongest feature
/// map. The plan keeps all levels at once, so it takes more memory than a prediction; that of the latest image size is kept. Used by one
/// thread at a time; another waits, and so does disposing it.
/// </summary>
internal sealed class ActivationMapper : IDisposable
{
    private readonly ISunetWeights model;
    private readonly IBackend backend;
    private readonly CallGate gate = new(typeof(ActivationMapper));
    private SunetGraph? network;
    private Plan? plan;

    /// <summary>Prepares; nothing is compiled before the first image.</summary>
    /// <param name="model">A segmenter or a classifier; its weights are read when an image size is compiled.</param>
    /// <param name="backend">Where it runs; it must outlive the mapper.</param>
    public ActivationMapper(ISunetWeights model, IBackend backend)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(backend);
        this.model = model;
        this.backend = backend;
    }

    /// <summary>Larger images are shrunk to this longer side, at least 32 pixels, before the network sees them.</summary>
    public int LongestSide { get; init; } = 1024;

    /// <summary>Finds the strongest feature map of every level.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="cancellation">Stops while the image size is compiled, before the network runs, and between two levels.</param>
    /// <returns>One map a level, from the stem to the last u-net module, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The image is empty.</exception>
    /// <exception cref="BackendException">The device failed.</exception>
    /// <exception cref="MemoryException">The levels do not fit into memory together.</exception>
    /// <exception cref="InvalidOperationException">A callback of the call that runs made the call.</exception>
    /// <exception cref="ObjectDisposedException">The mapper is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<ActivationMap> Compute(ReadOnlySpan2D<Rgb> image, CancellationToken cancellation = default)
    {
        using CallGate.Scope inside = gate.Enter(cancellation);
        if (image.IsEmpty)
            throw new ArgumentException("An image has at least one pixel.", nameof(image));
        Prepare(new Shape(1, 3, image.Height, image.Width), cancellation);
        cancellation.ThrowIfCancellationRequested();

        using SpanOwner<Rgb> pixels = HostBuffer.Rent<Rgb>(new Shape(image.Height, image.Width));
        image.CopyTo(pixels.Span);
        plan!.Write(network!.Image, MemoryMarshal.AsBytes(pixels.Span));
        plan.Run(Phase.Forward);
        var maps = new List<ActivationMap>();
        foreach (NetworkLevel level in network.Levels)
        {
            cancellation.ThrowIfCancellationRequested();
            maps.Add(Strongest(level));
        }

        return maps;
    }

    /// <summary>Waits for the call that runs; later ones are refused.</summary>
    /// <exception cref="InvalidOperationException">A callback of the call that runs wants it.</exception>
    public void Dispose() => gate.Close(() => plan?.Dispose());

    private void Prepare(Shape image, CancellationToken cancellation)
    {
        if (plan is not null && (network!.Image.Shape[1], network.Image.Shape[2]) == (image.Height, image.Width))
            return;
        plan?.Dispose();
        plan = null;
        double scale = Math.Min(1, (double)LongestSide / Math.Max(image.Height, image.Width));
        int Side(int side) => Math.Max(SunetGraph.SmallestSize, (int)Math.Round(side * scale));
        network = SunetGraph.ForActivations(model.Spec, image, (Side(image.Height), Side(image.Width)));
        Plan compiled = Plan.Compile(network.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Inference }, cancellation);
        try
        {
            compiled.Load(model.Read, cancellation);
        }
        catch
        {
            compiled.Dispose();
            throw;
        }

        plan = compiled;
    }

    private ActivationMap Strongest(NetworkLevel level)
    {
        Shape shape = level.Value.Shape;
        int size = shape.Height * shape.Width;
        using SpanOwner<float> all = HostBuffer.Rent<float>(shape);
        plan!.Read(level.Value, all.Span);
        (int channel, double strength) = (0, double.NegativeInfinity);
        for (int c = 0; c < shape.Channels; c++)
        {
            double mean = MeanAbsolute(all.Span.Slice(c * size, size));

            // A channel that is not a number is what there is to see.
            if (mean > strength || (double.IsNaN(mean) && !double.IsNaN(strength)))
                (channel, strength) = (c, mean);
        }

        float[] values = all.Span.Slice(channel * size, size).ToArray();
        return new ActivationMap(level.Group, level.Name, channel, shape.Channels, strength,
            new ReadOnlyMemory2D<float>(values, shape.Height, shape.Width));
    }

    private static double MeanAbsolute(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += Math.Abs(value);
        return sum / values.Length;
    }
}
