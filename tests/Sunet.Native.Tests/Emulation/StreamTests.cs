using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Work runs late, and between streams only events order it.</summary>
public sealed unsafe class StreamTests : DriverTest
{
    [Fact]
    public void Work_BeforeSynchronisation_HasNotRun()
    {
        nint device = Device<int>([1]);
        Succeed(Driver.Fill(device, 2, 1, Stream));
        Assert.Equal([1], Peek<int>(device, 1));
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal([2], Peek<int>(device, 1));
    }

    [Fact]
    public void Synchronize_OnlyWhatIsNeeded_LeavesOtherStreamsAlone()
    {
        nint device = Device<int>([1, 1]), other = NewStream();
        Succeed(Driver.Fill(device, 2, 1, Stream), Driver.Fill(device + 4, 2, 1, other));
        Emulator.Order(0);
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal([2, 1], Peek<int>(device, 2));
        Succeed(Driver.Synchronize());
        Assert.Equal([2, 2], Peek<int>(device, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Streams_WithAndWithoutEvent_AreOrderedOrAtTheMercyOfTheSeed(bool ordered)
    {
        HashSet<int> seen = [];
        for (ulong seed = 0; seed < 32; seed++)
        {
            Emulator.Seed(seed);
            nint device = Device<int>([0]), other = NewStream(), done = NewEvent();
            Succeed(Driver.Fill(device, 1, 1, other), Driver.EventRecord(done, other));
            if (ordered)
                Succeed(Driver.StreamWait(Stream, done, 0));
            Succeed(Driver.Fill(device, 2, 1, Stream), Driver.Synchronize());
            seen.Add(Peek<int>(device, 1)[0]);
        }

        Assert.Equal(ordered ? [2] : [1, 2], seen.Order());
    }

    [Fact]
    public void Wait_EventRecordedAgain_HoldsForTheRecordingBefore()
    {
        nint device = Device<int>([0]), first = NewStream(), second = NewStream(), done = NewEvent();
        Emulator.Order(0);
        Succeed(Driver.Fill(device, 1, 1, first), Driver.EventRecord(done, first), Driver.StreamWait(Stream, done, 0));
        Succeed(Driver.EventRecord(done, second), Driver.StreamSynchronize(second), Driver.Fill(device, 2, 1, Stream));
        Succeed(Driver.StreamSynchronize(Stream), Driver.Synchronize());
        Assert.Equal([2], Peek<int>(device, 1));
    }

    [Fact]
    public void Wait_StreamDestroyedMeanwhile_StillHolds()
    {
        nint device = Device<int>([0]), other = NewStream(), done = NewEvent();
        Succeed(Driver.Fill(device, 3, 1, other), Driver.EventRecord(done, other), Driver.StreamDestroy(other));
        Succeed(Driver.StreamWait(Stream, done, 0), Driver.EventDestroy(done), Driver.StreamSynchronize(Stream));
        Assert.Equal([3], Peek<int>(device, 1));
    }

    [Fact]
    public void Query_WorkPending_IsNotReadyFirstAndAdvances()
    {
        nint device = Device<int>([0]), done = NewEvent();
        Succeed(Driver.StreamQuery(Stream), Driver.EventQuery(done));
        Succeed(Driver.Fill(device, 1, 1, Stream), Driver.EventRecord(done, Stream));
        Assert.Equal(Answer.NotReady, Driver.EventQuery(done));
        Assert.Equal(Answer.NotReady, Driver.StreamQuery(Stream));
        Assert.Equal([0], Peek<int>(device, 1));
        Assert.Equal(Answer.NotReady, Driver.EventQuery(done));
        Assert.Equal([1], Peek<int>(device, 1));
        Succeed(Driver.EventQuery(done), Driver.StreamQuery(Stream));
    }

    [Fact]
    public void ElapsedTime_OfEvents_NeedsRecordingAndTiming()
    {
        nint start = NewEvent(), end = NewEvent();
        Succeed(Driver.EventCreate(out nint untimed, 2));
        Succeed(Driver.EventRecord(start, Stream), Driver.EventRecord(untimed, Stream));
        Assert.Equal(Answer.InvalidHandle, Driver.EventElapsed(out _, start, end));
        Caught("events that were not recorded");
        Assert.Equal(Answer.InvalidHandle, Driver.EventElapsed(out _, start, untimed));
        Caught("made without timing");
        Succeed(Driver.EventRecord(end, Stream));
        Assert.Equal(Answer.NotReady, Driver.EventElapsed(out _, start, end));
        Succeed(Driver.EventSynchronize(end), Driver.EventElapsed(out float milliseconds, start, end));
        Assert.True(milliseconds >= 0);
    }

    [Fact]
    public void CopyToDevice_OnAStream_ReadsTheHostWhenItRuns()
    {
        nint device = Device<int>([0]), pinned = Pinned(4);
        *(int*)pinned = 1;
        Succeed(Driver.ToDeviceAsync(device, pinned, 4, Stream));
        *(int*)pinned = 2;
        Assert.Equal([2], Read<int>(device, 1));
    }

    [Fact]
    public void CopyToHost_BeforeSynchronisation_ShowsPoison()
    {
        nint device = Device<int>([4]), pinned = Pinned(4);
        *(int*)pinned = 4;
        Succeed(Driver.ToHostAsync(pinned, device, 4, Stream));
        Assert.Equal(-1, *(int*)pinned);
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal(4, *(int*)pinned);
    }

    [Fact]
    public void Copy_UnpinnedOnAStream_IsRefused()
    {
        int local = 1;
        Assert.Equal(Answer.InvalidValue, Driver.ToDeviceAsync(Device(4), (nint)(&local), 4, Stream));
        Caught("is not pinned");
        Assert.Equal(Answer.InvalidValue, Driver.ToHostAsync(Pinned(8), Device(16), 16, Stream));
        Caught("is not pinned");
    }

    [Fact]
    public void HostFree_CopyPending_IsCaught()
    {
        nint pinned = Pinned(4);
        Succeed(Driver.ToDeviceAsync(Device(4), pinned, 4, Stream), Driver.HostFree(pinned));
        Caught("released while 1 copies");
    }

    [Fact]
    public void HostFree_CopyDone_IsInOrder()
    {
        nint pinned = Pinned(4);
        Succeed(Driver.ToDeviceAsync(Device(4), pinned, 4, Stream), Driver.StreamSynchronize(Stream), Driver.HostFree(pinned));
    }

    [Fact]
    public void PlainCopy_DoesNotWaitForStreams()
    {
        nint device = Device<int>([1]);
        int read = 0;
        Succeed(Driver.Fill(device, 2, 1, Stream), Driver.ToHost(&read, device, 4));
        Assert.Equal(1, read);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_DefaultStream_IsRefused(int stream)
    {
        Assert.Equal(Answer.InvalidHandle, Driver.Fill(Device(4), 1, 1, stream));
        Caught("the default stream is used");
    }

    [Fact]
    public void Handles_WrongOrDestroyed_AreNamed()
    {
        nint stream = NewStream(), recorded = NewEvent();
        Succeed(Driver.StreamDestroy(stream), Driver.EventDestroy(recorded));
        Assert.Equal(Answer.InvalidHandle, Driver.Fill(Device(4), 1, 1, stream));
        Caught("has been destroyed");
        Assert.Equal(Answer.InvalidHandle, Driver.StreamDestroy(stream));
        Caught("has been destroyed");
        Assert.Equal(Answer.InvalidHandle, Driver.EventRecord(recorded, Stream));
        Caught("the event");
        Assert.Equal(Answer.InvalidHandle, Driver.StreamSynchronize(NewEvent()));
        Caught("is of kind event, not stream");
        Assert.Equal(Answer.InvalidHandle, Driver.EventSynchronize(12345));
        Caught("was never given out as event");
    }

    [Fact]
    public void Calls_WithoutContext_AreRefused()
    {
        Succeed(Driver.ContextPop(out nint context));
        Assert.Equal(Context, context);
        Assert.Equal(Answer.InvalidContext, Driver.Allocate(out _, 16));
        Assert.Equal(Answer.InvalidContext, Driver.Fill(16, 1, 1, Stream));
        Assert.Equal(Answer.InvalidContext, Driver.ContextPop(out _));
        Caught("no context is current");
        Assert.Equal(Answer.InvalidContext, Driver.ContextPush(Stream));
        Caught("is of kind stream, not context");
    }

    [Fact]
    public void Context_OnAnotherThread_IsNotCurrent()
    {
        Answer answer = Answer.Success;
        Thread thread = new(() => answer = Driver.Synchronize());
        thread.Start();
        thread.Join();
        Assert.Equal(Answer.InvalidContext, answer);
    }

    [Fact]
    public void ContextRelease_ThingsAlive_IsCaught()
    {
        Device(16);
        Pinned(16);
        Succeed(Driver.ContextRelease(0));
        Caught("the context ends with 1 streams, 0 events, 0 modules, 1 device allocations and 1 pinned allocations alive");
        Assert.Equal(Answer.ContextIsDestroyed, Driver.Synchronize());
        Caught("the current context has been released");
        Assert.Equal(Answer.InvalidContext, Driver.ContextRelease(0));
        Caught("more often than it was retained");
    }

    [Fact]
    public void Streams_OfTwoDevices_AreNotMixed()
    {
        Emulator.SetDevices(2);
        Succeed(Driver.ContextRetain(out nint second, 1), Driver.ContextPush(second));
        Assert.NotEqual(Context, second);
        Assert.Equal(Answer.InvalidContext, Driver.Fill(Device(4), 1, 1, Stream));
        Caught("belongs to another context");
    }
}
