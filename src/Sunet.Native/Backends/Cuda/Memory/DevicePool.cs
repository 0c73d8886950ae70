using System.Globalization;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>
/// Hands out device memory in the order of streams: a block freed on a stream may be used again on that stream at once, because work
/// queued later runs later, and on another stream only behind an event that marks where it was freed. Sizes are rounded up to classes so
/// that blocks fit again. May be shared by threads. Not to be used while a stream is being captured.
/// </summary>
internal sealed class DevicePool : IDisposable
{
    /// <summary>The smallest class.</summary>
    public const long SmallestBlock = 512;

    /// <summary>Above this, classes are multiples of <see cref="LargeStep"/>: quarters of a power of two would waste too much.</summary>
    public const long LargeBlock = 32L << 20;

    /// <summary>The driver's own granularity.</summary>
    public const long LargeStep = 2L << 20;

    private readonly Lock gate = new();
    private readonly CudaDevice device;
    private readonly Dictionary<long, List<DeviceBlock>> cached = [];
    private long limit = long.MaxValue;
    private long inUse, held, peak, allocations, reuses;
    private int blocksInUse;
    private bool disposed;

    /// <param name="device">The device whose memory it hands out; disposed after the pool.</param>
    public DevicePool(CudaDevice device) => this.device = device;

    /// <summary>The most bytes the pool may hold, in use and cached together. Lowering it affects later requests only.</summary>
    public long LimitBytes
    {
        get
        {
            lock (gate)
                return limit;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            lock (gate)
                limit = value;
        }
    }

    /// <summary>What it holds and has done.</summary>
    public PoolStatistics Statistics
    {
        get
        {
            lock (gate)
                return new PoolStatistics(inUse, held - inUse, peak, allocations, reuses, blocksInUse);
        }
    }

    /// <summary>The bytes of the block that a request gets.</summary>
    public static long SizeClass(long bytes)
    {
        if (bytes <= SmallestBlock)
            return SmallestBlock;
        if (bytes > LargeBlock)
            return RoundUp.ToMultiple(bytes, LargeStep);
        long quarter = 1L << ((int)long.Log2(bytes - 1) - 2);
        return RoundUp.ToMultiple(bytes, quarter);
    }

    /// <summary>Takes a block whose use on <paramref name="stream"/> is safe from now on. The caller frees it.</summary>
    /// <exception cref="MemoryException">The device or <see cref="LimitBytes"/> does not allow it, even without cached blocks.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public DeviceBlock Allocate(long bytes, CudaStream stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        long size = SizeClass(bytes);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            using DeviceScope scope = device.Use();
            DeviceBlock block = TakeCached(size, stream) ?? AllocateNew(bytes, size);
            block.RequestedBytes = bytes;
            block.IsOut = true;
            block.FreedOn = null;
            inUse += size;
            blocksInUse++;
            peak = Math.Max(peak, inUse);
            return block;
        }
    }

    /// <summary>
    /// Gives a block back; work queued so far on <paramref name="stream"/> may still use it, and nothing else may. A driver that fails
    /// here fails in the next call as well, so this one can be part of any clean-up.
    /// </summary>
    /// <exception cref="InvalidOperationException">It was given back before.</exception>
    public void Free(DeviceBlock block, CudaStream stream)
    {
        lock (gate)
        {
            if (!block.IsOut)
                throw new InvalidOperationException("A block of device memory was freed twice.");
            block.IsOut = false;
            inUse -= block.Bytes;
            blocksInUse--;
            bool entered = CudaDriver.ContextPush(device.Context.Raw) == 0;
            if (disposed || stream.IsClosed || !TryCache(block, stream))
            {
                _ = CudaDriver.ContextSynchronize();
                Release(block);
            }

            if (entered)
                _ = CudaDriver.ContextPop(out _);
            if (!disposed)
                return;
            CudaLeaks.AddBlocks(-1);
            if (blocksInUse == 0)
                device.Context.DangerousRelease();
        }
    }

    /// <summary>Returns all cached blocks to the driver, each when the work that used it is done.</summary>
    public void Trim()
    {
        lock (gate)
        {
            if (held == inUse)
                return;
            using DeviceScope scope = device.Use();
            TrimCached();
        }
    }

    /// <summary>Returns all cached blocks. Blocks that are out are counted as leaks until they come back, and stay valid.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            CudaLeaks.AddBlocks(blocksInUse);
            if (blocksInUse > 0)
            {
                // The context, and with it the blocks, lasts until the last of them is back.
                bool added = false;
                device.Context.DangerousAddRef(ref added);
            }

            if (held > inUse && CudaDriver.ContextPush(device.Context.Raw) == 0)
            {
                TrimCached();
                _ = CudaDriver.ContextPop(out _);
            }
        }
    }

    private DeviceBlock? TakeCached(long size, CudaStream stream)
    {
        if (!cached.TryGetValue(size, out List<DeviceBlock>? blocks) || blocks.Count == 0)
            return null;
        int chosen = blocks.FindLastIndex(b => b.FreedOn == stream);
        if (chosen < 0)
        {
            // Of another stream's blocks, one whose work is done already costs no wait.
            chosen = blocks.FindIndex(b => b.FreedAt!.IsDone());
            if (chosen < 0)
            {
                chosen = 0;
                blocks[0].FreedAt!.MakeWait(stream);
            }
        }

        DeviceBlock block = blocks[chosen];
        blocks.RemoveAt(chosen);
        reuses++;
        return block;
    }

    private DeviceBlock AllocateNew(long bytes, long size)
    {
        if (size > limit - held)
            TrimCached();
        if (size > limit - held)
            throw OutOfMemory(bytes, string.Create(CultureInfo.InvariantCulture, $"the limit set for this device is {limit:N0} bytes"));
        int result = CudaDriver.MemoryAllocate(out nint address, (nuint)size);
        if (result == (int)CudaResult.OutOfMemory && held > inUse)
        {
            TrimCached();
            result = CudaDriver.MemoryAllocate(out address, (nuint)size);
        }

        if (result == (int)CudaResult.OutOfMemory)
        {
            string free = CudaDriver.MemoryGetInfo(out nuint unused, out nuint total) == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{(long)unused:N0} of its {(long)total:N0} bytes are free")
                : string.Create(CultureInfo.InvariantCulture, $"it has {device.TotalBytes:N0} bytes");
            throw OutOfMemory(bytes, free);
        }

        CudaStatus.ThrowIfFailed(result, "cuMemAlloc_v2", bytes: bytes);
        held += size;
        allocations++;
        return new DeviceBlock(address, size);
    }

    private MemoryException OutOfMemory(long bytes, string reason) => new(
        $"CUDA device {device.Ordinal} ({device.Name}) cannot give {bytes:N0} bytes: {reason}, {inUse:N0} bytes are in use here and "
        + $"{held - inUse:N0} cached; a smaller batch or image needs less.", bytes);

    /// <summary>Keeps a block; false if the event that would tell when it is idle cannot be had.</summary>
    private bool TryCache(DeviceBlock block, CudaStream stream)
    {
        try
        {
            block.FreedAt ??= CudaEvent.Create(device);
            block.FreedAt.Record(stream);
        }
        catch (SunetException)
        {
            return false;
        }

        block.FreedOn = stream;
        if (!cached.TryGetValue(block.Bytes, out List<DeviceBlock>? blocks))
            cached.Add(block.Bytes, blocks = []);
        blocks.Add(block);
        return true;
    }

    private void TrimCached()
    {
        foreach (List<DeviceBlock> blocks in cached.Values)
        {
            foreach (DeviceBlock block in blocks)
            {
                // A failure of the work that used the block is its owner's to report.
                _ = CudaDriver.EventSynchronize(block.FreedAt!.Raw);
                Release(block);
            }

            blocks.Clear();
        }
    }

    private void Release(DeviceBlock block)
    {
        held -= block.Bytes;
        block.FreedAt?.Dispose();
        if (CudaDriver.MemoryFree(block.Address) != 0)
            CudaLeaks.CountRefused();
    }
}
