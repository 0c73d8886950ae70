namespace Sunet.Data.Images;

/// <summary>
/// The memory that several threads decode images in, together. A thread asks before it decodes, for what the header says is needed, and
/// waits while others have it; where nobody else decodes it goes on, so that an image larger than the budget is read alone.
/// </summary>
/// <param name="bytes">All of it.</param>
/// <param name="threads">The threads that share it.</param>
internal sealed class DecodeBudget(long bytes, int threads)
{
    private readonly object gate = new();
    private long used;
    private int decoding;

    /// <summary>
    /// What is shared unless something else is said: an eighth of the memory that this process may use, at least 512 MiB and at most 4 GiB.
    /// </summary>
    public static long DefaultBytes => Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, 512L << 20, 4L << 30);

    /// <summary>What a thread may keep from image to image: half of the budget is left for larger ones.</summary>
    public long Kept => bytes / 2 / threads;

    /// <summary>The bytes that are taken now, what threads keep between two images among them.</summary>
    public long Used
    {
        get
        {
            lock (gate)
                return used;
        }
    }

    /// <summary>Takes memory for an image, perhaps after waiting for it.</summary>
    /// <param name="more">The bytes, beyond those that the thread has taken before.</param>
    /// <param name="isDecoding">Whether the thread is at an image already, of which it has found that it needs more.</param>
    public void Take(long more, bool isDecoding)
    {
        lock (gate)
        {
            // Two that wait for more and give back nothing meanwhile would wait for each other.
            if (isDecoding)
                Leave();
            while (decoding > 0 && used + more > bytes)
                Monitor.Wait(gate);
            used += more;
            decoding++;
        }
    }

    /// <summary>Ends with an image.</summary>
    /// <param name="less">The bytes that the thread gives back.</param>
    public void Return(long less)
    {
        lock (gate)
        {
            used -= less;
            Leave();
        }
    }

    private void Leave()
    {
        decoding--;
        Monitor.PulseAll(gate);
    }
}
