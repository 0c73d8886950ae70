using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;

namespace Sunet.Native.Tests.Backends.Cuda.Memory;

public sealed class DevicePoolTests : EmulatorTest
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(1, 512)]
    [InlineData(512, 512)]
    [InlineData(513, 640)]
    [InlineData(640, 640)]
    [InlineData(641, 768)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1280)]
    [InlineData(32 * MiB, 32 * MiB)]
    [InlineData(32 * MiB + 1, 34 * MiB)]
    [InlineData(1000 * MiB + 5, 1002 * MiB)]
    public void SizeClass_AnySize_IsTheNextClass(long bytes, long expected) => Assert.Equal(expected, DevicePool.SizeClass(bytes));

    [Fact]
    public void SizeClass_AnySize_WastesAtMostAQuarter()
    {
        for (long bytes = 512; bytes < 200 * MiB; bytes += 1 + bytes / 7)
        {
            Assert.InRange(DevicePool.SizeClass(bytes), bytes, bytes + bytes / 4);
            Assert.Equal(DevicePool.SizeClass(bytes), DevicePool.SizeClass(DevicePool.SizeClass(bytes)));
        }
    }

    [Fact]
    public void Allocate_FreedOnTheSameStream_IsTheSameBlockAtOnce()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        DeviceBlock first = pool.Allocate(1000, stream);
        Assert.Equal(0, first.Address % 256);
        Assert.Equal((1000, 1024), (first.RequestedBytes, first.Bytes));
        pool.Free(first, stream);
        DeviceBlock second = pool.Allocate(900, stream);
        Assert.Equal(first.Address, second.Address);
        Assert.Equal(900, second.RequestedBytes);
        Assert.DoesNotContain("cuStreamWaitEvent", Emulator.CallNames);
        Assert.DoesNotContain("cuStreamSynchronize", Emulator.CallNames);
        pool.Free(second, stream);
        Assert.Equal(new PoolStatistics(0, 1024, 1024, 1, 1, 0), pool.Statistics);
    }

    [Fact]
    public void Allocate_ManyTimesTheSame_AsksTheDriverOnce()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        pool.Free(pool.Allocate(5000, stream), stream);
        long allocated = Emulator.Outstanding(EmulatedKind.DeviceAllocations), events = Emulator.Outstanding(EmulatedKind.Events);
        for (int i = 0; i < 100; i++)
            pool.Free(pool.Allocate(5000, stream), stream);
        Assert.Equal(allocated, Emulator.Outstanding(EmulatedKind.DeviceAllocations));
        Assert.Equal(events, Emulator.Outstanding(EmulatedKind.Events));
        Assert.Equal(100, pool.Statistics.Reuses);
    }

    [Fact]
    public void Allocate_FreedOnAnotherStream_WaitsForItsWorkUnderEveryOrder()
    {
        for (ulong seed = 0; seed < 16; seed++)
            Assert.Equal(2, LastWriter(seed, throughPool: true));
    }

    [Fact]
    public void Allocate_FreedOnAnotherStream_WithoutThePoolsEventItGoesWrong() =>
        Assert.Contains(Enumerable.Range(0, 16), seed => LastWriter((ulong)seed, throughPool: false) == 1);

    [Fact]
    public void Allocate_OfTwoCachedOnAnotherStream_PrefersTheOneThatIsDone()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream busy = CudaStream.Create(device), done = CudaStream.Create(device), taker = CudaStream.Create(device);
        DeviceBlock a = pool.Allocate(512, busy), b = pool.Allocate(512, done);
        using (device.Use())
        {
            DeviceMemory.Fill(a.Address, 1, 512, busy);
            pool.Free(a, busy);
            pool.Free(b, done);
            done.Synchronize();
        }

        DeviceBlock taken = pool.Allocate(512, taker);
        Assert.Equal(b.Address, taken.Address);
        Assert.DoesNotContain("cuStreamWaitEvent", Emulator.CallNames);
        pool.Free(taken, taker);
    }

    [Fact]
    public void LimitBytes_Reached_IsRefusedUnlessCachedBlocksMakeRoom()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        pool.LimitBytes = 8 * MiB;
        DeviceBlock kept = pool.Allocate(4 * MiB, stream);
        pool.Free(pool.Allocate(3 * MiB, stream), stream);
        MemoryException error = Assert.Throws<MemoryException>(() => pool.Allocate(5 * MiB, stream));
        Assert.Equal(5 * MiB, error.Bytes);
        Assert.Equal(4, error.ExitCode);
        Assert.Contains("8,388,608", error.Message, StringComparison.Ordinal);
        Assert.Contains("4,194,304 bytes are in use", error.Message, StringComparison.Ordinal);

        DeviceBlock fits = pool.Allocate(4 * MiB, stream);
        Assert.Equal(8 * MiB, pool.Statistics.InUseBytes);
        Assert.Equal(0, pool.Statistics.CachedBytes);
        pool.Free(fits, stream);
        pool.Free(kept, stream);
    }

    [Fact]
    public void Allocate_DeviceFull_TrimsAndTriesAgainThenSaysWhatThereIs()
    {
        Emulator.SetMemory(64 * MiB);
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        pool.Free(pool.Allocate(40 * MiB, stream), stream);
        DeviceBlock block = pool.Allocate(50 * MiB, stream);
        Assert.Equal(new PoolStatistics(50 * MiB, 0, 50 * MiB, 2, 0, 1), pool.Statistics);

        MemoryException error = Assert.Throws<MemoryException>(() => pool.Allocate(20 * MiB, stream));
        Assert.Contains($"cannot give {20 * MiB:N0} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains($"of its {64 * MiB:N0} bytes are free", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{50 * MiB:N0} bytes are in use", error.Message, StringComparison.Ordinal);
        Assert.Contains(device.Name, error.Message, StringComparison.Ordinal);
        pool.Free(block, stream);
    }

    [Fact]
    public void Trim_WorkStillQueued_WaitsAndGivesEverythingBack()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        DeviceBlock block = pool.Allocate(4096, stream);
        using (device.Use())
            DeviceMemory.Fill(block.Address, 7, 4096, stream);
        pool.Free(block, stream);
        pool.Trim();
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes));
        Assert.Equal(0, pool.Statistics.CachedBytes);
    }

    [Fact]
    public void Free_Twice_IsRefused()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        DeviceBlock block = pool.Allocate(1, stream);
        pool.Free(block, stream);
        Assert.Throws<InvalidOperationException>(() => pool.Free(block, stream));
        Assert.Equal(0, pool.Statistics.BlocksInUse);
    }

    [Fact]
    public void Free_DriverFails_ReleasesTheBlockWhenItsWorkIsDone()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        DeviceBlock block = pool.Allocate(512, stream);
        using (device.Use())
            DeviceMemory.Fill(block.Address, 1, 512, stream);
        Emulator.FailCall(1, 0);
        pool.Free(block, stream);
        Assert.Equal("cuEventCreate", Emulator.CallNames.SkipLast(1).Last());
        Assert.Equal(new PoolStatistics(0, 0, 512, 1, 0, 0), pool.Statistics);
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes));
    }

    [Fact]
    public void Dispose_BlockStillOut_CountsItAndKeepsTheContextUntilItComesBack()
    {
        long before = CudaLeaks.Blocks;
        CudaDevice device = CudaDevice.Open(0);
        var pool = new DevicePool(device);
        CudaStream stream = CudaStream.Create(device);
        DeviceBlock block = pool.Allocate(100, stream);
        pool.Dispose();
        device.Dispose();
        stream.Dispose();
        Assert.Equal(before + 1, CudaLeaks.Blocks);
        Assert.Equal(512, Emulator.Outstanding(EmulatedKind.DeviceBytes));
        pool.Free(block, stream);
        Assert.Equal(before, CudaLeaks.Blocks);
        Assert.Empty(Emulator.Living);
        Assert.Throws<ObjectDisposedException>(() => pool.Allocate(1, stream));
    }

    [Fact]
    public void Free_OnADisposedStream_ReleasesTheBlockWhenItsWorkIsDone()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        CudaStream stream = CudaStream.Create(device);
        DeviceBlock block = pool.Allocate(100, stream);
        using (device.Use())
            DeviceMemory.Fill(block.Address, 1, 100, stream);
        stream.Dispose();
        pool.Free(block, stream);
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes));
    }

    [Fact]
    public void AllocateAndFree_ManyThreads_NeverShareABlock()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        HashSet<nint> live = [];
        Parallel.For(0, 4, thread =>
        {
            using CudaStream stream = CudaStream.Create(device);
            for (int i = 0; i < 50; i++)
            {
                DeviceBlock block = pool.Allocate(512 << (i % 3), stream);
                lock (live)
                    Assert.True(live.Add(block.Address));
                lock (live)
                    live.Remove(block.Address);
                pool.Free(block, stream);
            }

            using (device.Use())
                stream.Synchronize();
        });
        PoolStatistics statistics = pool.Statistics;
        Assert.Equal((0, 200), (statistics.BlocksInUse, statistics.Allocations + statistics.Reuses));
    }

    /// <summary>What lies in a block that one stream wrote 1 to and gave away, and another wrote 2 to.</summary>
    private static byte LastWriter(ulong seed, bool throughPool)
    {
        Emulator.Seed(seed);
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream first = CudaStream.Create(device), second = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        DeviceBlock block = pool.Allocate(512, first);
        DeviceMemory.Fill(block.Address, 1, 512, first);
        nint address = block.Address;
        if (throughPool)
        {
            pool.Free(block, first);
            block = pool.Allocate(512, second);
            Assert.Equal(address, block.Address);
        }

        DeviceMemory.Fill(address, 2, 512, second);
        second.Synchronize();
        first.Synchronize();
        byte written = DeviceMemory.Read(device, address, 512, second)[511];
        pool.Free(block, second);
        return written;
    }
}
