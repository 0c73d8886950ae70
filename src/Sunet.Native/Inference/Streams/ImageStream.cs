using System.Runtime.CompilerServices;

namespace Sunet.Native.Inference.Streams;

/// <summary>
/// A stream of images under way: one task reads the source, lanes segment, and who enumerates takes the results. Everything is bounded by
/// the room of the schedule.
/// </summary>
internal static class ImageStream
{
    /// <summary>Segments the images of a source.</summary>
    /// <param name="source">The images.</param>
    /// <param name="segmenter">Segments batches.</param>
    /// <param name="options">Every number of them chosen.</param>
    /// <param name="cancellation">Stops taking images; what is finished by then still comes out.</param>
    public static async IAsyncEnumerable<ImageResult> Run(IAsyncEnumerable<ImageRequest> source, IBatchSegmenter segmenter,
        StreamOptions options, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var schedule = new StreamSchedule(options, segmenter.BatchSizeOf);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenRegistration stop = stopping.Token.UnsafeRegister(s => ((StreamSchedule)s!).Stop(), schedule);
        var work = new List<Task>();
        try
        {
            for (int lane = 0; lane < options.Concurrency; lane++)
                work.Add(new StreamLane(schedule, segmenter, lane, options.Watch, stopping.Token).Ended);
            work.Add(Read(source, schedule, stopping.Token));
            while (true)
            {
                if (schedule.TryNext(out ImageResult result, out bool isEnd))
                    yield return result;
                else if (isEnd)
                    break;
                else
                    await schedule.Results.WaitAsync().ConfigureAwait(false);
            }

            if (schedule.IsCut)
                cancellation.ThrowIfCancellationRequested();
            schedule.ThrowIfSourceFailed();
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(work).ConfigureAwait(false);
        }
    }

    private static async Task Read(IAsyncEnumerable<ImageRequest> source, StreamSchedule schedule, CancellationToken stopping)
    {
        Exception? failure = null;
        try
        {
            // The source's first step may be long, and the consumer waits for results.
            await Task.Yield();
            await using IAsyncEnumerator<ImageRequest> images = source.GetAsyncEnumerator(stopping);
            while (true)
            {
                bool isStopped;
                while (!schedule.HasRoom(out isStopped))
                    await schedule.Room.WaitAsync().ConfigureAwait(false);
                if (isStopped || !await images.MoveNextAsync().ConfigureAwait(false))
                    break;
                schedule.Add(images.Current);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        schedule.End(failure);
    }
}
