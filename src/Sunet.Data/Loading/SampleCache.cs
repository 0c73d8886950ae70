using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Loading;

/// <summary>
/// Decoded samples by item, up to a number of bytes. What is in stays in: every epoch reads every item once, so throwing out the least
/// recently used would throw out the one needed next.
/// </summary>
internal sealed class SampleCache(int items, long capacity)
{
    private readonly CachedSample?[] samples = new CachedSample?[items];
    private long bytes;

    /// <summary>The bytes held.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>The sample, if it is held.</summary>
    public CachedSample? Find(int item) => Volatile.Read(ref samples[item]);

    /// <summary>Keeps a copy of a sample if there is room.</summary>
    public void Add(int item, Memory2D<Rgb> image, Memory2D<byte> labels)
    {
        long size = image.Length * 4;
        if (Interlocked.Add(ref bytes, size) <= capacity)
        {
            var sample = new CachedSample(image.Span.ToArray(), labels.Span.ToArray());

            // Around an epoch's end two workers can read one item at a time: the first to finish keeps its copy.
            if (Interlocked.CompareExchange(ref samples[item], sample, null) is null)
                return;
        }

        Interlocked.Add(ref bytes, -size);
    }

    /// <summary>A decoded image and its labels, [H, W] each.</summary>
    internal sealed record CachedSample(Memory2D<Rgb> Image, Memory2D<byte> Labels);
}
