using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Captures refuse what a driver refuses, and graphs run what was captured, each time anew.</summary>
public sealed unsafe class CaptureTests : DriverTest
{
    private const int Global = 0;
    private const int Relaxed = 2;
    private readonly nint axpy;

    public CaptureTests() => axpy = Kernel("check_axpy");

    /// <summary>Calls that may not be made while a stream is capturing, and what they answer.</summary>
    public static TheoryData<string, int> Forbidden => new()
    {
        { "synchronize the stream", (int)Answer.CaptureUnsupported },
        { "query the stream", (int)Answer.CaptureUnsupported },
        { "synchronize another stream", (int)Answer.CaptureUnsupported },
        { "synchronize the context", (int)Answer.CaptureUnsupported },
        { "allocate", (int)Answer.CaptureUnsupported },
        { "free", (int)Answer.CaptureUnsupported },
        { "allocate on the stream", (int)Answer.CaptureUnsupported },
        { "pin", (int)Answer.CaptureUnsupported },
        { "copy", (int)Answer.CaptureUnsupported },
        { "load a module", (int)Answer.CaptureUnsupported },
        { "query a captured event", (int)Answer.CapturedEvent },
        { "wait for a captured event on the host", (int)Answer.CapturedEvent },
        { "query another event", (int)Answer.CaptureUnsupported },
        { "wait for an event from outside", (int)Answer.CaptureIsolation },
        { "destroy the stream", (int)Answer.Success },
    };

    [Fact]
    public void Graph_Captured_RunsOnlyWhenLaunchedAndEachTimeAnew()
    {
        nint x = Device<float>([1, 2, 3]), y = Device<float>([0, 0, 0]);
        nint executable = Capture(() => Succeed(Axpy(x, y, 2, 3)));
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal([0, 0, 0], Peek<float>(y, 3));
        Succeed(Driver.GraphLaunch(executable, Stream), Driver.GraphLaunch(executable, Stream));
        Assert.Equal([4, 8, 12], Read<float>(y, 3));
        float[] other = [10, 10, 10];
        fixed (float* values = other)
            Succeed(Driver.ToDevice(x, values, 12), Driver.GraphLaunch(executable, Stream));
        Assert.Equal([24, 28, 32], Read<float>(y, 3));
    }

    [Fact]
    public void Graph_CopyToHost_PoisonsItsDestinationAtEveryLaunch()
    {
        nint device = Device<int>([5]), pinned = Pinned(4);
        *(int*)pinned = 9;
        nint executable = Capture(() => Succeed(Driver.ToHostAsync(pinned, device, 4, Stream)));
        Assert.Equal(9, *(int*)pinned);
        for (int launch = 0; launch < 2; launch++)
        {
            Succeed(Driver.GraphLaunch(executable, Stream));
            Assert.Equal(-1, *(int*)pinned);
            Succeed(Driver.StreamSynchronize(Stream));
            Assert.Equal(5, *(int*)pinned);
        }
    }

    [Fact]
    public void Graph_DestroyedWithALaunchPending_StillRuns()
    {
        nint device = Device<int>([0]);
        nint executable = Capture(() => Succeed(Driver.Fill(device, 6, 1, Stream)));
        Succeed(Driver.GraphLaunch(executable, Stream), Driver.GraphExecDestroy(executable));
        Assert.Equal([6], Read<int>(device, 1));
        Assert.Equal(Answer.InvalidHandle, Driver.GraphLaunch(executable, Stream));
        Caught("the executable graph");
        Assert.Equal(Answer.InvalidHandle, Driver.GraphExecDestroy(executable));
        Caught("has been destroyed");
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.ExecutableGraphs));
    }

    [Fact]
    public void Graph_MemoryFreedSince_IsCaughtWhenItRuns()
    {
        nint device = Device(4);
        nint executable = Capture(() => Succeed(Driver.Fill(device, 6, 1, Stream)));
        Succeed(Driver.Free(device), Driver.GraphLaunch(executable, Stream));
        Assert.Equal(Answer.IllegalAddress, Driver.StreamSynchronize(Stream));
        Caught("into the released allocation");
    }

    [Fact]
    public void Capture_ForkAndJoin_KeepsItsOrder()
    {
        nint other = NewStream(), forked = NewEvent(), joined = NewEvent();
        for (ulong seed = 0; seed < 16; seed++)
        {
            nint device = Device<int>([0, 0]), copy = Device<int>([0, 0]);
            Succeed(Driver.BeginCapture(Stream, Global), Driver.Fill(device, 1, 2, Stream), Driver.EventRecord(forked, Stream));
            Succeed(Driver.StreamWait(other, forked, 0), Driver.Fill(device, 2, 1, other), Driver.EventRecord(joined, other));
            Succeed(Driver.Fill(device + 4, 3, 1, Stream), Driver.StreamWait(Stream, joined, 0));
            Succeed(Driver.OnDeviceAsync(copy, device, 8, Stream), Driver.EndCapture(Stream, out nint graph));
            nuint nodes = 0;
            Succeed(Driver.GraphNodes(graph, null, ref nodes), Driver.Instantiate(out nint executable, graph, 0));
            Assert.Equal(4u, nodes);
            Emulator.Seed(seed);
            Succeed(Driver.GraphLaunch(executable, Stream));
            Assert.Equal([2, 3], Read<int>(copy, 2));
        }
    }

    [Fact]
    public void Graph_UnorderedNodes_RunInMoreThanOneOrder()
    {
        nint device = Device<int>([0]), other = NewStream(), forked = NewEvent(), joined = NewEvent();
        Succeed(Driver.BeginCapture(Stream, Global), Driver.EventRecord(forked, Stream), Driver.StreamWait(other, forked, 0));
        Succeed(Driver.Fill(device, 1, 1, other), Driver.EventRecord(joined, other), Driver.Fill(device, 2, 1, Stream));
        Succeed(Driver.StreamWait(Stream, joined, 0), Driver.EndCapture(Stream, out nint graph));
        Succeed(Driver.Instantiate(out nint executable, graph, 0));
        HashSet<int> seen = [];
        for (ulong seed = 0; seed < 16; seed++)
        {
            Emulator.Seed(seed);
            Succeed(Driver.GraphLaunch(executable, Stream));
            seen.Add(Read<int>(device, 1)[0]);
        }

        Assert.Equal([1, 2], seen.Order());
    }

    [Fact]
    public void Capture_NotJoined_IsRefused()
    {
        nint other = NewStream(), forked = NewEvent(), device = Device(4);
        Succeed(Driver.BeginCapture(Stream, Global), Driver.EventRecord(forked, Stream), Driver.StreamWait(other, forked, 0));
        Succeed(Driver.Fill(device, 1, 1, other));
        Assert.Equal(Answer.CaptureUnjoined, Driver.EndCapture(Stream, out _));
        Caught("does not wait for");
        Succeed(Driver.IsCapturing(other, out int status));
        Assert.Equal(0, status);
    }

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void Capture_ForbiddenCall_InvalidatesIt(string call, int expected)
    {
        nint stream = NewStream(), device = Device(64), captured = NewEvent(), outside = NewEvent(), other = NewStream();
        Succeed(Driver.EventRecord(outside, Stream), Driver.BeginCapture(stream, Global), Driver.EventRecord(captured, stream));
        int local = 0;
        Answer answer = call switch
        {
            "synchronize the stream" => Driver.StreamSynchronize(stream),
            "query the stream" => Driver.StreamQuery(stream),
            "synchronize another stream" => Driver.StreamSynchronize(other),
            "synchronize the context" => Driver.Synchronize(),
            "allocate" => Driver.Allocate(out _, 16),
            "free" => Driver.Free(device),
            "allocate on the stream" => Driver.AllocateAsync(out _, 16, stream),
            "pin" => Driver.HostAllocate(out _, 16, 0),
            "copy" => Driver.ToDevice(device, &local, 4),
            "load a module" => Load(".version 7.0\n.target sm_80\n.address_size 64\n", out _),
            "query a captured event" => Driver.EventQuery(captured),
            "wait for a captured event on the host" => Driver.EventSynchronize(captured),
            "query another event" => Driver.EventQuery(outside),
            "wait for an event from outside" => Driver.StreamWait(stream, outside, 0),
            "destroy the stream" => Driver.StreamDestroy(stream),
            _ => throw new ArgumentException(call),
        };
        Assert.Equal((Answer)expected, answer);
        Caught("invalidates the capture");
        if (call == "destroy the stream")
            return;
        Succeed(Driver.IsCapturing(stream, out int status));
        Assert.Equal(2, status);
        Assert.Equal(Answer.CaptureInvalidated, Driver.Fill(device, 1, 1, stream));
        Assert.Equal(Answer.CaptureInvalidated, Driver.EndCapture(stream, out _));
        Succeed(Driver.Fill(device, 1, 1, stream));
    }

    [Fact]
    public void Capture_RelaxedModes_LetTheThreadAllocate()
    {
        Succeed(Driver.BeginCapture(Stream, Relaxed), Driver.Allocate(out _, 16), Driver.EndCapture(Stream, out _));
        int mode = Relaxed;
        Succeed(Driver.ExchangeMode(ref mode));
        Assert.Equal(Global, mode);
        Succeed(Driver.BeginCapture(Stream, Global), Driver.Allocate(out _, 16), Driver.EndCapture(Stream, out _));
        Succeed(Driver.ExchangeMode(ref mode));
        Assert.Equal(Relaxed, mode);
    }

    [Fact]
    public void Capture_WrongStreamOrState_IsRefused()
    {
        nint other = NewStream(), forked = NewEvent();
        Assert.Equal(Answer.IllegalState, Driver.EndCapture(Stream, out _));
        Caught("not capturing");
        Succeed(Driver.BeginCapture(Stream, Global), Driver.EventRecord(forked, Stream), Driver.StreamWait(other, forked, 0));
        Assert.Equal(Answer.CaptureUnmatched, Driver.EndCapture(other, out _));
        Caught("another stream than it was begun on");
        Assert.Equal(Answer.CaptureInvalidated, Driver.EndCapture(Stream, out _));
        Succeed(Driver.BeginCapture(Stream, Global));
        Assert.Equal(Answer.IllegalState, Driver.BeginCapture(Stream, Global));
        Caught("on a stream that is capturing");
    }

    [Fact]
    public void Event_OfAnEndedCapture_CannotBeWaitedFor()
    {
        nint recorded = NewEvent();
        Capture(() => Succeed(Driver.EventRecord(recorded, Stream)));
        Assert.Equal(Answer.InvalidValue, Driver.StreamWait(Stream, recorded, 0));
        Caught("a capture which has ended");
    }

    [Fact]
    public void Capture_EndedByAnotherThread_IsRefused()
    {
        Succeed(Driver.BeginCapture(Stream, Global));
        Answer answer = Answer.Success;
        Thread thread = new(() =>
        {
            Succeed(Driver.ContextPush(Context));
            answer = Driver.EndCapture(Stream, out _);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(Answer.CaptureWrongThread, answer);
        Caught("another thread");
    }

    private Answer Axpy(nint x, nint y, float a, int count) =>
        Launch(axpy, 1, 256, x, y, BitConverter.SingleToInt32Bits(a), count);

    private nint Capture(Action body)
    {
        Succeed(Driver.BeginCapture(Stream, Global));
        body();
        Succeed(Driver.EndCapture(Stream, out nint graph), Driver.Instantiate(out nint executable, graph, 0), Driver.GraphDestroy(graph));
        return executable;
    }
}
