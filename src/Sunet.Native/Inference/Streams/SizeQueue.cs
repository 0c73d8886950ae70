namespace Sunet.Native.Inference.Streams;

/// <summary>The images of one size that wait for a batch.</summary>
/// <param name="size">Height and width.</param>
/// <param name="batchSize">Images that run together.</param>
internal sealed class SizeQueue((int H, int W) size, int batchSize)
{
    /// <summary>Height and width.</summary>
    public (int H, int W) Size => size;

    /// <summary>The images, first come first.</summary>
    public Queue<StreamImage> Images { get; } = [];

    /// <summary>Whether a whole batch is there.</summary>
    public bool HasBatch => Images.Count >= batchSize;

    /// <summary>The place in the stream of the image that has waited longest.</summary>
    public long First => Images.Peek().Index;

    /// <summary>Milliseconds that this image has waited.</summary>
    public long Waited => Environment.TickCount64 - Images.Peek().Arrived;

    /// <summary>Takes a batch out, or what there is of one.</summary>
    public void Take(List<StreamImage> batch)
    {
        batch.Clear();
        while (batch.Count < batchSize && Images.TryDequeue(out StreamImage? image))
            batch.Add(image);
    }
}
