using System.Diagnostics;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Randomness;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Loading;

/// <summary>Decodes an image and its labels, draws a warp, and resamples both through it.</summary>
internal sealed class SegmentationProducer : ISampleProducer
{
    private readonly SegmentationDataset dataset;
    private readonly BatchLoaderSettings settings;
    private readonly SampleCache cache;
    private readonly WarpSampler sampler;

    /// <summary>Prepares for one data set.</summary>
    public SegmentationProducer(SegmentationDataset dataset, BatchLoaderSettings settings)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        this.dataset = dataset;
        this.settings = settings;
        cache = new SampleCache(dataset.Items.Count, settings.CacheBytes);
        sampler = new WarpSampler(settings.Normalization);
    }

    /// <inheritdoc/>
    public int Items => dataset.Items.Count;

    /// <inheritdoc/>
    public string Source => $"the split '{dataset.Split}' of '{dataset.Root}'";

    /// <inheritdoc/>
    public bool GivesBytes => true;

    /// <inheritdoc/>
    public TrainingBatch CreateBatch(Shape images) => TrainingBatch.OfBytes(images);

    /// <inheritdoc/>
    public void Produce(TrainingBatch batch, int place, int item, long number, WorkerBuffers buffers)
    {
        SegmentationItem source = dataset.Items[item];
        try
        {
            var (image, labels) = Decode(item, source, buffers);
            buffers.DecodedAt = Stopwatch.GetTimestamp();
            AugmentationSettings augmentation = settings.Augmentation;
            int height = augmentation.CropHeight, width = augmentation.CropWidth, plane = height * width;
            AffineWarp warp = augmentation.Enabled
                ? AffineWarp.Draw(
                    image.Height, image.Width, augmentation, new Philox(settings.Seed, PhiloxStream.Augmentation, (ulong)number))
                : AffineWarp.Centre(image.Height, image.Width, augmentation);
            sampler.Sample(
                image.Span, labels.Span, warp, height, width,
                batch.Pixels.AsSpan(place * 3 * plane, 3 * plane), batch.PixelLabels.AsSpan(place * plane, plane));
            batch.Names[place] = source.Name;
        }
        catch (Exception failure) when (failure is not DataException)
        {
            throw new DataException($"'{source.ImagePath}' could not be loaded: {failure.Message}", source.ImagePath, failure);
        }
    }

    private (Memory2D<Rgb> Image, Memory2D<byte> Labels) Decode(int item, SegmentationItem source, WorkerBuffers buffers)
    {
        if (cache.Find(item) is { } cached)
            return (cached.Image, cached.Labels);
        var (image, labels) = dataset.Load(source, settings.PixelCap, buffers.Sample);
        cache.Add(item, image, labels);
        return (image, labels);
    }
}
