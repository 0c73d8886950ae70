using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>
/// One batch of images and their labels: normalised pixels in float32 with labels in int32, which are 16 bytes a pixel, or pixels and
/// labels in bytes as files have them, which are 4. Each kind has arrays of its own, and those of the other are refused. The arrays are
/// reused: a batch is valid until it is returned.
/// </summary>
public sealed class TrainingBatch
{
    private readonly float[]? images;
    private readonly int[]? labels;
    private readonly byte[]? pixels, pixelLabels;

    /// <summary>Creates a batch of normalised pixels, with arrays of its own.</summary>
    /// <param name="imageShape">[N, 3, H, W].</param>
    /// <param name="labelCount">N * H * W for segmentation, N for classification.</param>
    /// <exception cref="MemoryException">The images have more elements than an array can hold.</exception>
    public TrainingBatch(Shape imageShape, int labelCount)
    {
        Names = NamesFor(imageShape);
        images = new float[imageShape.ArrayLength];
        labels = new int[labelCount];
    }

    private TrainingBatch(Shape imageShape)
    {
        Names = NamesFor(imageShape);
        pixels = new byte[imageShape.ArrayLength];
        pixelLabels = new byte[imageShape.WithChannels(1).ArrayLength];
    }

    /// <summary>Creates a batch of bytes with a label a pixel, for segmentation, with arrays of its own.</summary>
    /// <param name="imageShape">[N, 3, H, W], whatever the order of the bytes is.</param>
    /// <exception cref="MemoryException">The images have more elements than an array can hold.</exception>
    public static TrainingBatch OfBytes(Shape imageShape) => new(imageShape);

    /// <summary>
    /// Whether the batch has <see cref="Pixels"/> and <see cref="PixelLabels"/>, rather than <see cref="Images"/> and <see cref="Labels"/>.
    /// </summary>
    public bool IsOfBytes => pixels is not null;

    /// <summary>Normalised pixels, [N, 3, H, W] row-major.</summary>
    /// <exception cref="InvalidOperationException">The batch is one of bytes.</exception>
    public float[] Images => images ?? throw Other();

    /// <summary>Class indices, [N, H, W] row-major (or [N]); the ignore label, usually 255, takes no part.</summary>
    /// <exception cref="InvalidOperationException">The batch is one of bytes.</exception>
    public int[] Labels => labels ?? throw Other();

    /// <summary>Pixels as files have them, red, green and blue side by side: [N, H, W, 3] row-major.</summary>
    /// <exception cref="InvalidOperationException">The batch is one of normalised pixels.</exception>
    public byte[] Pixels => pixels ?? throw Other();

    /// <summary>Class indices, [N, H, W] row-major; the ignore label, usually 255, takes no part.</summary>
    /// <exception cref="InvalidOperationException">The batch is one of normalised pixels.</exception>
    public byte[] PixelLabels => pixelLabels ?? throw Other();

    /// <summary>The N samples' names, for messages.</summary>
    public string[] Names { get; }

    /// <summary>How many labels there are.</summary>
    internal int LabelCount => labels?.Length ?? pixelLabels!.Length;

    /// <summary>One label, whatever the format.</summary>
    internal int LabelAt(int index) => labels is null ? pixelLabels![index] : labels[index];

    private static string[] NamesFor(Shape imageShape)
    {
        var names = new string[imageShape.Batch];
        Array.Fill(names, "");
        return names;
    }

    private InvalidOperationException Other() => new(IsOfBytes
        ? "The batch is one of bytes: it has Pixels and PixelLabels."
        : "The batch is one of normalised pixels: it has Images and Labels.");
}
