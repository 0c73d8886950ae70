namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// What was not given back as it should: objects that reached their finalizer undisposed, releases the driver refused, and blocks still out
/// when their pool was disposed. A finalizer may not call the driver (its thread has no context, and the process may be ending), so it
/// counts instead.
/// </summary>
internal static class CudaLeaks
{
    private static long finalized;
    private static long refused;
    private static long blocks;

    /// <summary>Handles that were dropped without being disposed.</summary>
    public static long Finalized => Interlocked.Read(ref finalized);

    /// <summary>Releases that failed.</summary>
    public static long Refused => Interlocked.Read(ref refused);

    /// <summary>Blocks of device memory that are out of a pool that is gone.</summary>
    public static long Blocks => Interlocked.Read(ref blocks);

    public static void CountFinalized() => Interlocked.Increment(ref finalized);

    public static void CountRefused() => Interlocked.Increment(ref refused);

    public static void AddBlocks(long count) => Interlocked.Add(ref blocks, count);
}
