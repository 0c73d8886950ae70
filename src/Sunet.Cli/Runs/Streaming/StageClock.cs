using Sunet.Native.Inference.Streams;

namespace Sunet.Cli.Runs.Streaming;

/// <summary>
/// Measures which stage of a pipeline is the limit. At every moment it is one of three, so that the times add up to that of the run:
/// segmenting while as many batches run as may run at a time, and while the last of them run; the last stage while fewer run and no
/// image can be begun, because those that wait to be finished take all the room; and decoding at all other times. State is
/// followed at its changes, and nothing is sampled. Stages that share processors are not told apart by what each of them takes.
/// </summary>
/// <param name="lanes">How many batches run at a time.</param>
/// <param name="finishing">What the last stage does, as a verb.</param>
/// <param name="time">Tells the time.</param>
internal sealed class StageClock(int lanes, string finishing, TimeProvider time) : IStreamWatch
{
    private readonly Lock gate = new();
    private readonly TimeSpan[] times = new TimeSpan[3];
    private long last = time.GetTimestamp();
    private int running;
    private bool isWanted, isWithoutRoom, isEnded;

    private enum Stage
    {
        Decode,
        Segment,
        Finish,
    }

    private Stage Limit
    {
        get
        {
            if (running >= lanes)
                return Stage.Segment;
            if (isEnded)
                return running > 0 ? Stage.Segment : Stage.Finish;
            return isWanted && !isWithoutRoom ? Stage.Decode : Stage.Finish;
        }
    }

    /// <summary>The times until now.</summary>
    public StageTimes Times
    {
        get
        {
            lock (gate)
            {
                Account();
                return StageTimes.OfPipeline(
                    times[(int)Stage.Decode], times[(int)Stage.Segment], times[(int)Stage.Finish], finishing);
            }
        }
    }

    /// <summary>Starts at no time, and nothing under way.</summary>
    public void Start()
    {
        lock (gate)
        {
            Array.Clear(times);
            last = time.GetTimestamp();
            (running, isWanted, isWithoutRoom, isEnded) = (0, true, false, false);
        }
    }

    /// <inheritdoc/>
    public void BatchBegins()
    {
        lock (gate)
        {
            Account();
            running++;
        }
    }

    /// <inheritdoc/>
    public void BatchEnds()
    {
        lock (gate)
        {
            Account();
            running--;
        }
    }

    /// <summary>Whether the segmenter waits for an image; else it has no room for one.</summary>
    public void Wanted(bool isNow) => Set(ref isWanted, isNow);

    /// <summary>Whether decoding waits for the memory of an image that is to be finished.</summary>
    public void WithoutRoom(bool isNow) => Set(ref isWithoutRoom, isNow);

    /// <summary>There are no more images to decode.</summary>
    public void Ended() => Set(ref isEnded, true);

    private void Set(ref bool state, bool value)
    {
        lock (gate)
        {
            Account();
            state = value;
        }
    }

    private void Account()
    {
        long now = time.GetTimestamp();
        times[(int)Limit] += time.GetElapsedTime(last, now);
        last = now;
    }
}
