using System.Runtime.InteropServices;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Mistakes with memory that the emulator must catch.</summary>
public sealed unsafe partial class MemoryTests : DriverTest
{
    [Fact]
    public void HostAccess_DeviceAddress_Faults()
    {
        const int badAddress = 14;
        int* pipe = stackalloc int[2];
        Assert.Equal(0, OpenPipe(pipe));
        nint device = Device(64);
        byte readable = 1;
        Assert.Equal(1, Write(pipe[1], (nint)(&readable), 1));
        Assert.Equal(-1, Write(pipe[1], device, 1));
        Assert.Equal(badAddress, Marshal.GetLastPInvokeError());
        _ = Close(pipe[0]);
        _ = Close(pipe[1]);
    }

    [Fact]
    public void Allocate_Fresh_IsNotANumber() => Assert.All(Peek<float>(Device(4096), 1024), v => Assert.True(float.IsNaN(v)));

    [Fact]
    public void Allocate_MoreThanThereIs_IsOutOfMemory()
    {
        Emulator.SetMemory(1 << 20);
        Succeed(Driver.Allocate(out nint first, 1 << 19));
        Assert.Equal(Answer.OutOfMemory, Driver.Allocate(out _, (1 << 19) + 1));
        Succeed(Driver.MemoryInfo(out nuint free, out nuint total), Driver.Free(first), Driver.Allocate(out _, 1 << 20));
        Assert.Equal(((nuint)(1 << 19), (nuint)(1 << 20)), (free, total));
    }

    [Fact]
    public void Outstanding_AfterFree_IsBackToZero()
    {
        nint device = Device(1000), pinned = Pinned(500);
        Assert.Equal(1000, Emulator.Outstanding(EmulatedKind.DeviceBytes));
        Assert.Equal(500, Emulator.Outstanding(EmulatedKind.PinnedBytes));
        Succeed(Driver.Free(device), Driver.HostFree(pinned));
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes));
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.PinnedAllocations));
    }

    [Fact]
    public void Kernel_InsideItsMemory_Runs()
    {
        nint device = Device(512);
        Succeed(Launch(Kernel("check_access"), 1, 1, device, 511, 1));
        Assert.Equal(1, Read<byte>(device, 512)[511]);
    }

    [Theory]
    [InlineData(512, 1)]
    [InlineData(512, 0)]
    [InlineData(40_000, 1)]
    public void Kernel_PastRoundedEnd_IsIllegalAddressForGood(int distance, int write)
    {
        nint device = Device(512);
        Succeed(Launch(Kernel("check_access"), 1, 1, device, distance, write));
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Assert.Contains(Emulator.Violations, v => v.Contains("check_access", StringComparison.Ordinal));
        Caught("past the end of the allocation of 512 bytes");
        Assert.Equal(Answer.IllegalAddress, Driver.Allocate(out _, 16));
    }

    [Theory]
    [InlineData(false, "0x10 is no device address")]
    [InlineData(true, "0 bytes into the released allocation")]
    public void Kernel_NullOrHiddenPointer_IsIllegalAddress(bool hidden, string text)
    {
        nint gone = Device(512);
        Succeed(Driver.Free(gone));
        // The distance from a null pointer: a device address as a plain number, which nothing translates.
        Succeed(Launch(Kernel("check_access"), 1, 1, 0, hidden ? gone : 16, 1));
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Caught(text);
    }

    [Theory]
    [InlineData(500, "written 0 bytes past the end")]
    [InlineData(505, "written 5 bytes past the end")]
    [InlineData(-1, "before the beginning")]
    public void Kernel_WriteInsideRounding_IsFoundAtSynchronisation(int distance, string text)
    {
        nint device = Device(500);
        Succeed(Launch(Kernel("check_access"), 1, 1, device, distance, 1), Driver.StreamSynchronize(Stream));
        Caught(text);
    }

    [Fact]
    public void Runtime_NullReference_IsStillItsOwnAfterAFault()
    {
        nint device = Device(512);
        Succeed(Launch(Kernel("check_access"), 1, 1, device, 4096, 1));
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Caught("past the end");
        string? none = Environment.GetEnvironmentVariable("SUNET_NO_SUCH_VARIABLE");
        Assert.Throws<NullReferenceException>(() => none!.Length);
    }

    [Fact]
    public void Use_AfterFree_IsRefusedAtTheCall()
    {
        nint device = Device(512), kernel = Kernel("check_access");
        Succeed(Driver.Free(device));
        Assert.Equal(Answer.InvalidValue, Launch(kernel, 1, 1, device, 0, 1));
        Caught("into the released allocation of 512 bytes");
        Assert.Equal(Answer.InvalidValue, Driver.Free(device));
        Caught("released allocation");
    }

    [Fact]
    public void Free_WithWorkPending_RunsTheWorkFirst()
    {
        nint from = Device<int>([7]), to = Device(4);
        Succeed(Driver.OnDeviceAsync(to, from, 4, Stream), Driver.Free(from));
        Assert.Equal([7], Peek<int>(to, 1));
    }

    [Theory]
    [InlineData(false, "is pinned host memory")]
    [InlineData(true, "is no device address")]
    public void Kernel_HostPointer_IsRefused(bool unpinned, string text)
    {
        int local = 0;
        nint host = unpinned ? (nint)(&local) : Pinned(4);
        Assert.Equal(Answer.InvalidValue, Launch(Kernel("check_access"), 1, 1, host, 0, 1));
        Caught(text);
    }

    [Fact]
    public void HostDevicePointer_MappedMemory_IsUsableByKernels()
    {
        const uint mapped = 2;
        Succeed(Driver.HostAllocate(out nint host, 4, mapped), Driver.HostDevicePointer(out nint device, host, 0));
        Succeed(Launch(Kernel("check_access"), 1, 1, device, 2, 1), Driver.StreamSynchronize(Stream));
        Assert.Equal(1, ((byte*)host)[2]);
        Assert.Equal(Answer.InvalidValue, Driver.HostDevicePointer(out _, Pinned(4), 0));
        Caught("not pinned memory that was allocated to be mapped");
    }

    [Fact]
    public void Copy_PastTheEnd_IsRefused()
    {
        nint device = Device(64), other = Device(128);
        Assert.Equal(Answer.InvalidValue, Driver.OnDeviceAsync(device, other, 65, Stream));
        Caught("end 1 bytes past the end");
        Assert.Equal(Answer.InvalidValue, Driver.OnDeviceAsync(other + 4, other, 8, Stream));
        Caught("overlap");
        Assert.Equal(Answer.InvalidValue, Driver.ToHost((void*)other, device, 4));
        Caught("is a device address");
    }

    [Fact]
    public void PooledMemory_UsedOnAnotherStreamTooEarly_IsCaught()
    {
        Succeed(Driver.AllocateAsync(out nint address, 64, Stream), Driver.Fill(address, 1, 16, NewStream()));
        Emulator.Order(1);
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Caught("which its stream has not made yet");
    }

    [Fact]
    public void PooledMemory_InStreamOrder_Lives()
    {
        Succeed(Driver.AllocateAsync(out nint address, 64, Stream), Driver.Fill(address, 5, 16, Stream));
        Assert.All(Read<int>(address, 16), v => Assert.Equal(5, v));
        Succeed(Driver.FreeAsync(address, Stream));
        Assert.Equal(Answer.InvalidValue, Driver.Fill(address, 1, 16, Stream));
        Caught("whose release is already on a stream");
        Assert.Equal(Answer.InvalidValue, Driver.FreeAsync(address, Stream));
        Caught("released twice");
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes));
    }

    [Fact]
    public void Free_NoAllocation_IsRefused()
    {
        nint device = Device(512);
        Assert.Equal(Answer.InvalidValue, Driver.Free(device + 256));
        Caught("not an allocation");
        Assert.Equal(Answer.InvalidValue, Driver.HostFree(Pinned(64) + 8));
        Caught("not the beginning of pinned memory");
    }

    [LibraryImport("libc", EntryPoint = "pipe")]
    private static partial int OpenPipe(int* ends);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int file, nint from, nint bytes);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
