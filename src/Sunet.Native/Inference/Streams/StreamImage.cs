namespace Sunet.Native.Inference.Streams;

/// <summary>An image of a stream on its way; used again for later images.</summary>
internal sealed class StreamImage
{
    /// <summary>What the caller wants.</summary>
    public ImageRequest? Request { get; private set; }

    /// <summary>The place in the stream.</summary>
    public long Index { get; private set; }

    /// <summary>When it came, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Arrived { get; private set; }

    /// <summary>Whether there is a result.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Why there are no labels; null where there are.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Takes up an image.</summary>
    public void Begin(ImageRequest request, long index) =>
        (Request, Index, Arrived, IsDone, Failure) = (request, index, Environment.TickCount64, false, null);

    /// <summary>Notes that the image cannot be brought to the device, or its labels to the caller; the rest of its batch goes on.</summary>
    public void Refuse(Exception failure) => Failure ??= failure;

    /// <summary>Notes the result.</summary>
    public void Finish(Exception? failure) => (IsDone, Failure) = (true, failure);

    /// <summary>Lets go of the caller's memory.</summary>
    public void Clear() => (Request, Failure) = (null, null);
}
