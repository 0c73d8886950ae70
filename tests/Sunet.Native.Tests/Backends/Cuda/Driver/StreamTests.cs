using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Tests.Backends.Cuda.Memory;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Backends.Cuda.Driver;

public sealed class StreamTests : EmulatorTest
{
    [Fact]
    public void Copies_ThereAndBack_KeepEveryByte()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using PinnedBuffer sent = PinnedBuffer.Create(device, 1000);
        using DeviceScope scope = device.Use();
        new Random(1).NextBytes(sent.Span);
        DeviceBlock block = pool.Allocate(1000, stream);
        DeviceMemory.Upload(sent, block.Address, stream);
        Assert.Equal(sent.Span.ToArray(), DeviceMemory.Read(device, block.Address, 1000, stream));
        pool.Free(block, stream);
    }

    [Fact]
    public void IsIdle_WorkQueued_IsFalseUntilItRan()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using CudaEvent mark = CudaEvent.Create(device);
        using DeviceScope scope = device.Use();
        Assert.True(stream.IsIdle());
        DeviceBlock block = pool.Allocate(512, stream);
        DeviceMemory.Fill(block.Address, 3, 512, stream);
        mark.Record(stream);
        Assert.False(stream.IsIdle());
        Assert.False(mark.IsDone());
        mark.Synchronize();
        Assert.True(mark.IsDone());
        stream.Synchronize();
        Assert.True(stream.IsIdle());
        pool.Free(block, stream);
    }

    [Fact]
    public void Wait_OnAnEvent_OrdersTwoStreamsUnderEverySeed()
    {
        for (ulong seed = 0; seed < 16; seed++)
            Assert.Equal(9, ReadAfterWrite(seed, wait: true));
    }

    [Fact]
    public void Wait_LeftOut_ReadsTooEarlyUnderSomeSeed() =>
        Assert.Contains(Enumerable.Range(0, 16), seed => ReadAfterWrite((ulong)seed, wait: false) != 9);

    [Fact]
    public void MillisecondsSince_TimedEvents_IsNotNegative()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaStream stream = CudaStream.Create(device);
        using CudaEvent start = CudaEvent.Create(device, timing: true), end = CudaEvent.Create(device, timing: true);
        using DeviceScope scope = device.Use();
        start.Record(stream);
        end.Record(stream);
        end.Synchronize();
        Assert.InRange(end.MillisecondsSince(start), 0, 10_000);
    }

    [Fact]
    public void MillisecondsSince_EventWithoutTiming_IsABackendException()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaStream stream = CudaStream.Create(device);
        using CudaEvent start = CudaEvent.Create(device), end = CudaEvent.Create(device);
        using DeviceScope scope = device.Use();
        start.Record(stream);
        end.Record(stream);
        end.Synchronize();
        BackendException error = Assert.Throws<BackendException>(() => end.MillisecondsSince(start));
        Assert.Contains("cuEventElapsedTime", error.Message, StringComparison.Ordinal);
        Emulator.ClearViolations();
    }

    [Fact]
    public void Adopt_DefaultStream_IsRefused()
    {
        using CudaDevice device = CudaDevice.Open(0);
        Assert.Throws<ArgumentException>(() => CudaStream.Adopt(device, 0));
    }

    [Fact]
    public void Adopt_CallersStream_WorksAndStaysTheCallers()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaStream callers = CudaStream.Create(device);
        using (CudaStream adopted = CudaStream.Adopt(device, callers.Raw))
        using (device.Use())
            adopted.Synchronize();
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Streams));
        using (device.Use())
            callers.Synchronize();
    }

    [Fact]
    public void RecordWaitAndLaunchPaths_Steady_AllocateNothing()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaStream stream = CudaStream.Create(device), other = CudaStream.Create(device);
        using CudaEvent mark = CudaEvent.Create(device);
        void Step()
        {
            using DeviceScope scope = device.Use();
            mark.Record(stream);
            mark.MakeWait(other);
            _ = mark.IsDone();
            other.Synchronize();
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>What the second stream finds where the first writes 9.</summary>
    private static byte ReadAfterWrite(ulong seed, bool wait)
    {
        Emulator.Seed(seed);
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream writer = CudaStream.Create(device), reader = CudaStream.Create(device);
        using CudaEvent written = CudaEvent.Create(device);
        using DeviceScope scope = device.Use();
        DeviceBlock block = pool.Allocate(512, writer);
        DeviceMemory.Fill(block.Address, 0, 512, writer);
        writer.Synchronize();
        DeviceMemory.Fill(block.Address, 9, 512, writer);
        written.Record(writer);
        if (wait)
            written.MakeWait(reader);
        byte found = DeviceMemory.Read(device, block.Address, 512, reader)[0];
        writer.Synchronize();
        pool.Free(block, writer);
        return found;
    }
}
