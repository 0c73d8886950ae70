using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;

namespace Sunet.Native.Hosting;

/// <summary>What a <see cref="SegmentationService"/> predicts with, and how.</summary>
public sealed class SegmentationServiceOptions
{
    /// <summary>The file of a segmenter: safetensors of this library, or a state dict of PyTorch that it can read.</summary>
    public string Weights { get; set; } = "";

    /// <summary>
    /// Opens the device, which the service disposes. Null takes the first NVIDIA GPU where one can be used, and otherwise the CPU with all
    /// processors that the process may use.
    /// </summary>
    public Func<IBackend>? OpenBackend { get; set; }

    /// <summary>Scales, mirror images and tiles.</summary>
    public PredictorOptions Predictor { get; set; } = new();

    /// <summary>
    /// How requests are put together. By default each is answered as soon as it is predicted, and waits at most 2 ms for others to fill
    /// its batch, where the device runs several images at once.
    /// </summary>
    public StreamOptions Stream { get; set; } = new() { InOrder = false, FlushDelay = TimeSpan.FromMilliseconds(2) };

    /// <summary>How many requests wait in the service, from 1 up; the callers of further ones wait until there is room.</summary>
    public int Capacity { get; set; } = 64;

    /// <summary>
    /// Heights and widths that are compiled before the application takes requests. Others are compiled at their first image.
    /// </summary>
    public IList<(int Height, int Width)> WarmUpSizes { get; } = [];

    /// <summary>Refuses options that make no sense.</summary>
    /// <exception cref="ConfigurationException">An option is missing or out of range; the message names it.</exception>
    public void Validate()
    {
        const int most = 1 << 20;
        if (string.IsNullOrEmpty(Weights))
            throw new ConfigurationException("A segmentation service needs weights: set SegmentationServiceOptions.Weights to a file.");
        if (Predictor is null || Stream is null)
            throw new ConfigurationException("The options of a segmentation service's predictor and stream must not be null.");
        if (Capacity is < 1 or > most)
            throw new ConfigurationException($"A segmentation service has room for 1 to {most} requests that wait, not {Capacity}.");
        if (WarmUpSizes.Any(size => size.Height < 1 || size.Width < 1))
            throw new ConfigurationException("The sizes that a segmentation service warms up for have at least one pixel.");
        Stream.Validate();
    }
}
