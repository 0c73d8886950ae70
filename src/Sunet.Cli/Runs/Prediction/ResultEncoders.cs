using System.Collections.Concurrent;
using Sunet.Data.Images;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Encoders of label maps and overlays, whose memory is used again; each is used by one thread at a time.</summary>
internal sealed class ResultEncoders : IDisposable
{
    private readonly ConcurrentBag<(IndexPngEncoder Labels, OverlayEncoder Overlay)> idle = [];

    /// <summary>Lends encoders to some work.</summary>
    public void Use(Action<IndexPngEncoder, OverlayEncoder> work)
    {
        if (!idle.TryTake(out (IndexPngEncoder Labels, OverlayEncoder Overlay) encoders))
            encoders = (new IndexPngEncoder(), new OverlayEncoder());
        try
        {
            work(encoders.Labels, encoders.Overlay);
        }
        finally
        {
            idle.Add(encoders);
        }
    }

    /// <summary>Frees what the encoders hold; none is in use.</summary>
    public void Dispose()
    {
        while (idle.TryTake(out (IndexPngEncoder Labels, OverlayEncoder Overlay) encoders))
        {
            encoders.Labels.Dispose();
            encoders.Overlay.Dispose();
        }
    }
}
