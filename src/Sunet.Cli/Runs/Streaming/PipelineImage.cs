using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Streaming;

/// <summary>An image on its way through a pipeline, with the memory it is decoded into, which later images use again.</summary>
internal sealed class PipelineImage
{
    private readonly PixelBuffer<byte> prediction = new();

    /// <summary>The place among the pipeline's images.</summary>
    public int Index { get; private set; }

    /// <summary>
    /// When the image was there as a whole, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> has it; only where it matters.
    /// </summary>
    public long Completed { get; set; }

    /// <summary>What readers decode into.</summary>
    public SampleBuffers Buffers { get; private set; } = new();

    /// <summary>The image, [H, W].</summary>
    public Memory2D<Rgb> Pixels { get; private set; }

    /// <summary>The labels it is compared with, [H, W]; empty where there are none.</summary>
    public Memory2D<byte> Truth { get; private set; }

    /// <summary>What is predicted, [H, W].</summary>
    public Memory2D<byte> Prediction { get; private set; }

    /// <summary>What the library is asked for.</summary>
    public ImageRequest Request { get; }

    /// <summary>Bytes of the image with its maps.</summary>
    public long Bytes => (4L * Pixels.Length) + Truth.Length;

    /// <summary>Makes the memory, which is empty.</summary>
    public PipelineImage() => Request = new ImageRequest { Image = default, Labels = default, Tag = this };

    /// <summary>Takes up another image.</summary>
    public void Begin(int index)
    {
        Index = index;
        (Pixels, Truth, Prediction) = (default, default, default);
    }

    /// <summary>Notes what was decoded.</summary>
    public void Decoded(Memory2D<Rgb> image, Memory2D<byte> truth = default)
    {
        (Pixels, Truth) = (image, truth);
        Prediction = prediction.Reserve(image.Height, image.Width);
        (Request.Image, Request.Labels) = (Pixels, Prediction);
    }

    /// <summary>Gives up memory that is more than may be kept.</summary>
    public void Keep(long most)
    {
        if (Bytes <= most)
            return;
        Buffers = new SampleBuffers();
        prediction.Drop();
    }
}
