using System.Runtime.InteropServices;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>What tests ask of the emulator: failures, counts, versions.</summary>
public sealed class ControlTests : DriverTest
{
    [Fact]
    public void FailCall_Once_FailsThatCallOnly()
    {
        Emulator.FailCall(2, 0);
        Succeed(Driver.Allocate(out _, 16));
        Assert.Equal(Answer.OutOfMemory, Driver.Allocate(out _, 16));
        Succeed(Driver.Allocate(out _, 16));
    }

    [Fact]
    public void FailCall_Persistently_FailsUntilTakenBack()
    {
        Emulator.FailCall(1, 1);
        Assert.Equal(Answer.OutOfMemory, Driver.Allocate(out _, 16));
        Assert.Equal(Answer.LaunchFailed, Driver.Synchronize());
        Emulator.FailCall(0, 0);
        Succeed(Driver.Synchronize());
    }

    [Fact]
    public void FailCall_ReleasesAndQuestions_AreNotCounted()
    {
        nint device = Device(16), recorded = NewEvent();
        long before = Emulator.Calls();
        Emulator.FailCall(1, 1);
        Succeed(Driver.Free(device), Driver.EventDestroy(recorded), Driver.GetErrorName(Answer.NotFound, out nint text));
        Assert.Equal("CUDA_ERROR_NOT_FOUND", Marshal.PtrToStringUTF8(text));
        Assert.Equal(before, Emulator.Calls());
    }

    [Fact]
    public void FailCall_EndOfACapture_EndsItAllTheSame()
    {
        nint device = Device(16);
        Succeed(Driver.BeginCapture(Stream, 0), Driver.Fill(device, 1, 4, Stream));
        Emulator.FailCall(1, 0);
        Assert.Equal(Answer.CaptureInvalidated, Driver.EndCapture(Stream, out _));
        Succeed(Driver.Fill(device, 1, 4, Stream), Driver.StreamSynchronize(Stream));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void FailCall_Synchronisation_LeavesNothingPending(int call)
    {
        nint device = Device(16), pinned = Pinned(16), done = NewEvent();
        Succeed(Driver.ToDeviceAsync(device, pinned, 16, Stream), Driver.EventRecord(done, Stream));
        Emulator.FailCall(1, 0);
        Answer answer = call switch
        {
            0 => Driver.StreamSynchronize(Stream),
            1 => Driver.EventSynchronize(done),
            _ => Driver.Synchronize(),
        };
        Assert.Equal(Answer.LaunchFailed, answer);
        Succeed(Driver.HostFree(pinned), Driver.Free(device));
    }

    [Fact]
    public void CallNames_InOrder_AreRecorded() =>
        Assert.Equal(["cuInit", "cuDevicePrimaryCtxRetain", "cuStreamCreate"], Emulator.CallNames);

    [Fact]
    public void Outstanding_Objects_AreCountedByKind()
    {
        NewEvent();
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Events));
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Streams));
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Contexts));
        Emulator.Reset();
        Assert.Empty(Emulator.Living);
        Assert.Equal(0, Emulator.Calls());
    }

    [Fact]
    public void Reset_CurrentContext_IsGone()
    {
        Emulator.Reset();
        Assert.Equal(Answer.NotInitialized, Driver.Synchronize());
        Succeed(Driver.Init(0));
        Assert.Equal(Answer.InvalidContext, Driver.Synchronize());
    }

    [Fact]
    public void Devices_None_IsNoDevice()
    {
        Emulator.Reset();
        Emulator.SetDevices(0);
        Assert.Equal(Answer.NoDevice, Driver.Init(0));
    }

    [Fact]
    public void Fault_Sticky_StillReleasesWhatIsGivenBack()
    {
        nint device = Device(512), pinned = Pinned(16), stream = NewStream(), recorded = NewEvent();
        Succeed(Driver.AllocateAsync(out nint pooled, 16, stream), Driver.ToDeviceAsync(device, pinned, 16, stream));
        Succeed(LaunchOn(Stream, Kernel("check_access"), (1, 1, 1), 1, device, 512, 1));
        Emulator.Order(0);
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Caught("past the end");
        Assert.Equal(Answer.IllegalAddress, Driver.FreeAsync(pooled, stream));
        Assert.Equal(Answer.IllegalAddress, Driver.Free(device));
        Assert.Equal(Answer.IllegalAddress, Driver.HostFree(pinned));
        Assert.Equal(Answer.IllegalAddress, Driver.EventDestroy(recorded));
        Assert.Equal(Answer.IllegalAddress, Driver.StreamDestroy(stream));
        Assert.Equal(Answer.IllegalAddress, Driver.Synchronize());
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.DeviceBytes) + Emulator.Outstanding(EmulatedKind.PinnedBytes));
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Streams));
    }
}
