using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Tests.Verification;

/// <summary>A call on the CPU that computes rightly and then spoils the first element of what it wrote.</summary>
internal sealed unsafe class PlantedCall(Op op, PreparedCall inner, Func<float, float> spoil) : PreparedCall
{
    private nint address;

    public override long ScratchBytes => inner.ScratchBytes;

    public override string Implementation => inner.Implementation;

    /// <summary>Spoils every call of one kind of op.</summary>
    public static Func<Op, PreparedCall, PreparedCall> In(string kind, Func<float, float> spoil) =>
        (op, call) => op.Kind == kind ? new PlantedCall(op, call, spoil) : call;

    public override void Bind(IValueAddresses at)
    {
        inner.Bind(at);

        // What updates running statistics has no output; it changes an input.
        address = at.Of(op is RunningStatisticsUpdate update ? update.RunningMean : op.Output);
    }

    public override void Run()
    {
        inner.Run();
        if (op.Outputs.Count > 0 && op.Output.Type == Native.Tensors.DataType.UInt8)
            *(byte*)address ^= 7;
        else
            *(float*)address = spoil(*(float*)address);
    }

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
