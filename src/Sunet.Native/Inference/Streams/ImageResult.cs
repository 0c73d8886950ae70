using System.Runtime.ExceptionServices;

namespace Sunet.Native.Inference.Streams;

/// <summary>What came of one image of a stream.</summary>
/// <param name="Request">The request, whose labels are filled unless it failed.</param>
/// <param name="Index">The image's place in the stream, from 0.</param>
/// <param name="Failure">Why the image could not be segmented; null where it was.</param>
public readonly record struct ImageResult(ImageRequest Request, long Index, Exception? Failure)
{
    /// <summary>Throws what the image failed with, if it did.</summary>
    public void ThrowIfFailed()
    {
        if (Failure is not null)
            ExceptionDispatchInfo.Throw(Failure);
    }
}
