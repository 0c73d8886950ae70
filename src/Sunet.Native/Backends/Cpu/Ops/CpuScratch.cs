namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>How a call divides its scratch memory: every part begins on a cache line of its own.</summary>
internal static class CpuScratch
{
    private const long CacheLine = 64;

    /// <summary>The bytes that a part of the scratch memory takes.</summary>
    public static long Align(long bytes) => RoundUp.ToMultiple(bytes, CacheLine);
}
