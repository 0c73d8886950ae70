using Sunet.Data.Images;

namespace Sunet.Data.Augmentation;

/// <summary>The working memory of one thread that resizes crops.</summary>
internal sealed class CropScratch
{
    private float[] rows = [], line = [];

    /// <summary>The weights along rows.</summary>
    public ResizeAxis Across { get; } = new();

    /// <summary>The weights along columns.</summary>
    public ResizeAxis Down { get; } = new();

    /// <summary>Memory for rows that are resized already.</summary>
    public Span<float> ReserveRows(int length) => GrowOnly.Reserve(ref rows, length);

    /// <summary>Memory for one line of the sample.</summary>
    public Span<float> ReserveLine(int length) => GrowOnly.Reserve(ref line, length);
}
