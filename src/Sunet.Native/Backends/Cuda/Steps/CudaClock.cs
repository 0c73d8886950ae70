using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>The device's clock: events on the session's stream.</summary>
internal sealed class CudaClock : ICallClock
{
    private readonly CudaSession session;
    private readonly CudaEvent[] events;

    public CudaClock(CudaSession session, int marks)
    {
        this.session = session;
        events = new CudaEvent[marks];
        try
        {
            for (int i = 0; i < marks; i++)
                events[i] = CudaEvent.Create(session.Device, timing: true);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Mark(int mark)
    {
        using CudaDevice.Scope current = session.Device.Use();
        events[mark].Record(session.Stream);
    }

    public double Milliseconds(int from, int to)
    {
        using CudaDevice.Scope current = session.Device.Use();
        events[to].Synchronize();
        return events[to].MillisecondsSince(events[from]);
    }

    public void Dispose()
    {
        foreach (CudaEvent? one in events)
            one?.Dispose();
    }
}
