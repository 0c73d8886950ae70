using System.Text;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>
/// A test of the emulator itself, with a current context and a stream. Violations that the test does not expect fail it; what is left
/// alive is no concern here.
/// </summary>
public abstract unsafe class DriverTest : IDisposable
{
    private const string Ptx = ".version 7.0\n.target sm_80\n.address_size 64\n";

    protected DriverTest()
    {
        Emulator.Reset();
        Assert.Equal(Answer.Success, Driver.Init(0));
        Assert.Equal(Answer.Success, Driver.ContextRetain(out nint context, 0));
        Assert.Equal(Answer.Success, Driver.ContextPush(context));
        Context = context;
        Stream = NewStream();
    }

    protected nint Context { get; }

    protected nint Stream { get; }

    public void Dispose()
    {
        IReadOnlyList<string> violations = Emulator.Violations;
        Emulator.Reset();
        GC.SuppressFinalize(this);
        Assert.Empty(violations);
    }

    /// <summary>Asserts that there is a violation with this text, and forgets all.</summary>
    protected static void Caught(string text)
    {
        Assert.Contains(Emulator.Violations, v => v.Contains(text, StringComparison.Ordinal));
        Emulator.ClearViolations();
    }

    protected static nint NewStream()
    {
        Assert.Equal(Answer.Success, Driver.StreamCreate(out nint stream, 1));
        return stream;
    }

    protected static nint NewEvent()
    {
        Assert.Equal(Answer.Success, Driver.EventCreate(out nint created, 0));
        return created;
    }

    protected static nint Device(int bytes)
    {
        Assert.Equal(Answer.Success, Driver.Allocate(out nint address, (nuint)bytes));
        return address;
    }

    protected static nint Device<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        nint address = Device(values.Length * sizeof(T));
        fixed (T* source = values)
            Assert.Equal(Answer.Success, Driver.ToDevice(address, source, (nuint)(values.Length * sizeof(T))));
        return address;
    }

    protected static nint Pinned(int bytes)
    {
        Assert.Equal(Answer.Success, Driver.HostAllocate(out nint address, (nuint)bytes, 0));
        return address;
    }

    /// <summary>Device memory as it is now, without running anything.</summary>
    protected static T[] Peek<T>(nint address, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        fixed (T* to = values)
            Assert.Equal(0, Emulator.Peek((ulong)address, to, (nuint)(count * sizeof(T))));
        return values;
    }

    /// <summary>Device memory after the stream's work.</summary>
    protected T[] Read<T>(nint address, int count)
        where T : unmanaged
    {
        Assert.Equal(Answer.Success, Driver.StreamSynchronize(Stream));
        return Peek<T>(address, count);
    }

    private protected static Answer Load(string ptx, out nint module)
    {
        fixed (byte* image = Encoding.UTF8.GetBytes(ptx + "\0"))
            return Driver.ModuleLoad(out module, image, 0, null, null);
    }

    protected static nint Kernel(string name)
    {
        Assert.Equal(Answer.Success, Load(Ptx + $".visible .entry {name}()\n{{ ret; }}\n", out nint module));
        Assert.Equal(Answer.Success, Driver.GetFunction(out nint function, module, name));
        return function;
    }

    /// <summary>Launches with arguments that each lie in eight bytes.</summary>
    private protected Answer Launch(nint function, int grid, int block, params ReadOnlySpan<long> arguments) =>
        LaunchOn(Stream, function, (grid, 1, 1), block, arguments);

    private protected static Answer LaunchOn(
        nint stream, nint function, (int X, int Y, int Z) grid, int block, params ReadOnlySpan<long> arguments)
    {
        nint* parameters = stackalloc nint[arguments.Length + 1];
        fixed (long* values = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
                parameters[i] = (nint)(values + i);
            return Driver.Launch(
                function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block, 1, 1, 0, stream, parameters, null);
        }
    }

    private protected static void Succeed(params ReadOnlySpan<Answer> answers)
    {
        for (int i = 0; i < answers.Length; i++)
            Assert.True(answers[i] == Answer.Success, $"call {i} answered {answers[i]}");
    }
}
