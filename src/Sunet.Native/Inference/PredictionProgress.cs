using Sunet.Native.Telemetry;

namespace Sunet.Native.Inference;

/// <summary>How far the prediction of one image is.</summary>
/// <param name="Done">Runs of the network that are done; the image and its mirror image are one.</param>
/// <param name="Total">Runs of the network: scales times tiles, or the crops of all scales.</param>
public readonly record struct PredictionProgress(int Done, int Total);

/// <summary>What a long prediction asks before and tells after every run of the network.</summary>
internal struct PredictionWatch(int total, IProgress<PredictionProgress>? progress, CancellationToken cancellation)
{
    private int done;

    /// <summary>Stops the call.</summary>
    public readonly CancellationToken Cancellation => cancellation;

    /// <summary>Whether somebody follows the runs, so that each is done before the next begins.</summary>
    public readonly bool IsWatched => progress is not null || cancellation.CanBeCanceled;

    /// <exception cref="OperationCanceledException">The caller wants no more of it.</exception>
    public readonly void Before() => cancellation.ThrowIfCancellationRequested();

    public void After()
    {
        done++;
        SunetTelemetry.NetworkRan();
        progress?.Report(new PredictionProgress(done, total));
    }
}
