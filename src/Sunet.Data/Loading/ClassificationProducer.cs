using System.Diagnostics;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Data.Randomness;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Loading;

/// <summary>Decodes an image, draws a crop and its colours, and resamples it.</summary>
internal sealed class ClassificationProducer : ISampleProducer
{
    private readonly ClassificationDataset dataset;
    private readonly ClassificationLoaderSettings settings;
    private readonly CropSampler sampler;

    /// <summary>Prepares for one data set.</summary>
    public ClassificationProducer(ClassificationDataset dataset, ClassificationLoaderSettings settings)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        this.dataset = dataset;
        this.settings = settings;
        sampler = new CropSampler(settings.Normalization);
    }

    /// <inheritdoc/>
    public int Items => dataset.Items.Count;

    /// <inheritdoc/>
    public string Source => $"the split '{dataset.Split}' of '{dataset.Root}'";

    /// <inheritdoc/>
    public bool GivesBytes => false;

    /// <inheritdoc/>
    public TrainingBatch CreateBatch(Shape images) => new(images, images.Batch);

    /// <inheritdoc/>
    public void Produce(TrainingBatch batch, int place, int item, long number, WorkerBuffers buffers)
    {
        ClassificationItem source = dataset.Items[item];
        var draw = new SampleDraw(settings, number);
        try
        {
            ReadOnlySpan<byte> image = ImageFile.LoadRgba(
                source.ImagePath, settings.PixelCap, buffers.Sample.Scratch, draw.Reduction, out int height, out int width);
            buffers.DecodedAt = Stopwatch.GetTimestamp();
            (int Height, int Width) crop = settings.Crop;
            int values = 3 * crop.Height * crop.Width;
            sampler.Sample(
                image, (height, width), draw.Width == width ? 1 : draw.By, draw.Crop, draw.Flip, draw.Colours, crop, buffers.Crop,
                batch.Images.AsSpan(place * values, values));
            batch.Labels[place] = source.Label;
            batch.Names[place] = source.Name;
        }
        catch (Exception failure) when (failure is not DataException)
        {
            throw new DataException($"'{source.ImagePath}' could not be loaded: {failure.Message}", source.ImagePath, failure);
        }
    }

    /// <summary>What is random about a sample; where its crop lies is drawn once the image's size is known.</summary>
    private sealed class SampleDraw
    {
        private readonly ClassificationAugmentation settings;
        private Philox random;

        public SampleDraw(ClassificationLoaderSettings loader, long number)
        {
            settings = loader.Augmentation;
            random = new Philox(loader.Seed, PhiloxStream.Augmentation, (ulong)number);
            if (!settings.Enabled)
                return;
            Flip = (random.NextUInt32() & 1) != 0 && settings.Flip;
            Colours = ColourChange.Draw(settings, ref random);
        }

        public bool Flip { get; }

        public ColourChange Colours { get; }

        public ImageCrop Crop { get; private set; }

        /// <summary>The stored width.</summary>
        public int Width { get; private set; }

        /// <summary>The reduction asked for, which a PNG does not give.</summary>
        public int By { get; private set; }

        public int Reduction(int height, int width)
        {
            Width = width;
            Crop = settings.Enabled ? ImageCrop.Draw(height, width, settings, ref random) : ImageCrop.Centre(height, width, settings);
            return By = Crop.Reduction();
        }
    }
}
