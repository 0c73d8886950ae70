using Sunet.Data.Augmentation;
using Sunet.Data.Images;

namespace Sunet.Data.Loading;

/// <summary>The memory and the times of one thread that makes samples.</summary>
/// <param name="scratch">Knows the budget that the threads share.</param>
internal sealed class WorkerBuffers(DecodeScratch scratch)
{
    /// <summary>The image and its labels as they are decoded.</summary>
    public SampleBuffers Sample { get; } = new(scratch);

    /// <summary>The rows of a crop on their way through a filter.</summary>
    public CropScratch Crop { get; } = new();

    /// <summary>When the last sample was decoded, as a time stamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long DecodedAt { get; set; }
}
