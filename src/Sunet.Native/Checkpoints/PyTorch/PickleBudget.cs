namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// What the pickles of one file may cost together. Steps bound the time. What the steps allocate is counted as well, by estimates that are
/// rather high, and bounds the memory; a long history of training is mostly numbers, which are not kept.
/// </summary>
/// <param name="fileBytes">The bytes of the file, which may have a larger pickle the larger it is.</param>
internal sealed class PickleBudget(long fileBytes)
{
    /// <summary>How many opcodes are interpreted.</summary>
    public const int Steps = 1 << 23;

    private const long SpareBytes = 40 << 20;

    private int steps = Steps;
    private long bytes = SpareBytes + fileBytes;

    /// <summary>Takes steps away.</summary>
    /// <exception cref="NotSupportedException">There are no more.</exception>
    public void Spend(int count)
    {
        steps -= count;
        if (steps < 0)
            throw Exhausted();
    }

    /// <summary>Counts memory that is going to be allocated.</summary>
    /// <exception cref="NotSupportedException">It is more than the file is worth.</exception>
    public void Allocate(long count)
    {
        bytes -= count;
        if (bytes < 0)
            throw Exhausted();
    }

    private static NotSupportedException Exhausted() => new(
        $"it pickles more objects than a checkpoint has; up to {Steps} steps are interpreted, and some {SpareBytes >> 20} MiB kept");
}
