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
    public Span<float> ReserveRows(int length) => Reserve(ref rows, length);

    /// <summary>Memory for one line of the sample.</summary>
    public Span<float> ReserveLine(int length) => Reserve(ref line, length);

    private static Span<float> Reserve(ref float[] array, int length)
    {
        if (array.Length < length)
            array = GC.AllocateUninitializedArray<float>(length);
        return array.AsSpan(0, length);
    }
}
