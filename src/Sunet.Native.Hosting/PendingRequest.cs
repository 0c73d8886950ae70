using Sunet.Native.Inference.Streams;

namespace Sunet.Native.Hosting;

/// <summary>A request from its arrival to its answer. Until it is taken it can be cancelled; from then on its memory is in use.</summary>
internal sealed class PendingRequest
{
    private const int Waiting = 0, Taken = 1, Cancelled = 2;
    private readonly TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int state;

    /// <param name="request">What the stream is given; its tag becomes this.</param>
    public PendingRequest(ImageRequest request)
    {
        Request = request;
        request.Tag = this;
    }

    /// <summary>What the stream is given.</summary>
    public ImageRequest Request { get; }

    /// <summary>The image's height.</summary>
    public int Height => Request.Pixels.IsEmpty ? Request.Image.Height : Request.Layout.Height;

    /// <summary>The image's width.</summary>
    public int Width => Request.Pixels.IsEmpty ? Request.Image.Width : Request.Layout.Width;

    /// <summary>Ends when the request is answered, has failed, or was cancelled in time.</summary>
    public Task Answer => answer.Task;

    /// <summary>Takes the request for prediction; false if it was cancelled before.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Taken, Waiting) == Waiting;

    /// <summary>Cancels the request unless it has been taken.</summary>
    public void Cancel(CancellationToken cancellation)
    {
        if (Interlocked.CompareExchange(ref state, Cancelled, Waiting) == Waiting)
            answer.TrySetCanceled(cancellation);
    }

    /// <summary>Answers the request.</summary>
    /// <param name="failure">Why there are no labels; null where there are.</param>
    public void Finish(Exception? failure)
    {
        if (failure is null)
            answer.TrySetResult();
        else
            answer.TrySetException(failure);
    }
}
