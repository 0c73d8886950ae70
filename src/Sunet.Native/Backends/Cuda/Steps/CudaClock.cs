using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>The device's clock: events on the session's stream.</summary>
internal sealed class CudaClock : ICallClock
{
    private readonly CudaRun run;
    private readonly CudaEvent[] events;

    public CudaClock(CudaRun run, int marks)
    {
        this.run = run;
        events = new CudaEvent[marks];
        try
        {
            for (int i = 0; i < marks; i++)
                events[i] = CudaEvent.Create(run.Device, timing: true);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Mark(int mark)
    {
        using DeviceScope current = run.Use();
        events[mark].Record(run.Stream);
    }

    public double Milliseconds(int from, int to)
    {
        using DeviceScope current = run.Use();
        events[to].Synchronize();
        return events[to].MillisecondsSince(events[from]);
    }

    public void Dispose()
    {
        foreach (CudaEvent? one in events)
            one?.Dispose();
    }
}
