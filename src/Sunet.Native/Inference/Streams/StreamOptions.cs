namespace Sunet.Native.Inference.Streams;

/// <summary>How the images of a stream are segmented.</summary>
public sealed record StreamOptions
{
    /// <summary>The longest delay that may be set.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    /// <summary>Whether results come in the order of the images; otherwise each comes as soon as it is there.</summary>
    public bool InOrder { get; init; } = true;

    /// <summary>
    /// Images of one size that run together, a last one filled up; 0 leaves it to the device: 1 on the CPU, where it changes no bit and
    /// costs no time, and 8 on a GPU.
    /// </summary>
    public int BatchSize { get; init; }

    /// <summary>
    /// Batches that run at a time; 0 leaves it to the device: on the CPU one for each of the backend's threads, which is faster than one
    /// after the other with all threads, and on a GPU two, so that one is copied while the other runs.
    /// </summary>
    public int Concurrency { get; init; }

    /// <summary>
    /// Images that are taken from the source before their results are taken from the stream; 0 for twice as many as run at a time. It
    /// bounds the memory of a stream.
    /// </summary>
    public int Capacity { get; init; }

    /// <summary>
    /// How long an image waits for others to fill its batch; null for as long as the source has more images to give and there is room for
    /// them. Set it where images arrive one by one, as in a service.
    /// </summary>
    public TimeSpan? FlushDelay { get; init; }

    /// <summary>Told when batches begin and end; null where nobody asks.</summary>
    internal IStreamWatch? Watch { get; init; }

    /// <summary>Refuses options that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        const int most = 4096;
        if (BatchSize is < 0 or > most)
            throw new ConfigurationException($"A batch of a stream has 1 to {most} images, or 0 to choose; not {BatchSize}.");
        if (Concurrency is < 0 or > most)
            throw new ConfigurationException($"A stream runs 1 to {most} batches at a time, or 0 to choose; not {Concurrency}.");
        if (Capacity is < 0 or > most * most)
            throw new ConfigurationException($"A stream takes 1 to {most * most} images ahead, or 0 to choose; not {Capacity}.");
        if (FlushDelay is { } delay && (delay < TimeSpan.Zero || delay > LongestDelay))
            throw new ConfigurationException("An image waits for others for 0 to 3600 seconds.");
    }
}
