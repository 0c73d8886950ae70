namespace Sunet.Native.Inference.Streams;

/// <summary>Segments the batches of a stream; used by several lanes at a time.</summary>
internal interface IBatchSegmenter
{
    /// <summary>How many images of a size run together.</summary>
    int BatchSizeOf(int height, int width);

    /// <summary>Segments images of one size into their labels.</summary>
    /// <param name="images">From one to a whole batch.</param>
    /// <param name="isAlone">Whether no other batch runs meanwhile.</param>
    /// <param name="cancellation">Stops between two runs of the network.</param>
    void Segment(IReadOnlyList<StreamImage> images, bool isAlone, CancellationToken cancellation);
}
