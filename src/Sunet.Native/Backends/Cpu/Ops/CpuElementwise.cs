using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>ReLU, sums, concatenation and slices, gradients of biases.</summary>
internal static unsafe class CpuElementwise
{
    public static PreparedCall? Prepare(CpuRun session, Op op)
    {
        if (op is not (Relu or ReluGradient or Add or Concat or ChannelSlice or BiasGradient))
            return null;
        NativeTensor a = session.Layouts.TensorOf(op.Inputs[0]);
        NativeTensor y = session.Layouts.TensorOf(op.Output);
        return op switch
        {
            Relu => new CpuKernel(session, op, (context, at) => SunetCpu.Relu(context, y, at.In(0), at.Out())),
            ReluGradient => Mask(session, op, session.Layouts.TensorOf(op.Inputs[1]), y),
            Add => Sum(session, op, a, session.Layouts.TensorOf(op.Inputs[1]), y),
            Concat => Join(session, op, a, session.Layouts.TensorOf(op.Inputs[1]), y),
            ChannelSlice when session.Layouts.ViewOf(op.Output)?.Host == op.Inputs[0] => new NoCall(),
            ChannelSlice slice => Slice(session, op, a.Slice(slice.Offset, slice.Output.Shape.Channels), y),
            BiasGradient bias when session.BiasGradients.IsFound(bias) => new NoCall(),
            _ => new CpuKernel(session, op, (context, at) => SunetCpu.ChannelSum(context, a, at.In(0), at.Out())),
        };
    }

    /// <summary>The layer's result lies as the gradient that is written; the one that comes in may not.</summary>
    private static CpuKernel Mask(CpuRun session, Op op, NativeTensor dy, NativeTensor dx) => dy.Layout == dx.Layout
        ? new CpuKernel(session, op, (context, at) => SunetCpu.ReluBackward(context, dx, at.In(0), at.In(1), at.Out()))
        : new CpuKernel(session, op, (context, at) =>
        {
            int status = SunetCpu.Copy(context, dy, at.In(1), dx, at.Out());
            return status != NativeStatus.Ok ? status : SunetCpu.ReluBackward(context, dx, at.In(0), at.Out(), at.Out());
        });

    private static CpuKernel Sum(CpuRun session, Op op, NativeTensor a, NativeTensor b, NativeTensor y) =>
        new(session, op, (context, at) => SunetCpu.Add(context, a, at.In(0), b, at.In(1), y, at.Out()));

    private static CpuKernel Slice(CpuRun session, Op op, NativeTensor from, NativeTensor y) =>
        new(session, op, (context, at) => SunetCpu.Copy(context, from, at.In(0), y, at.Out()));

    /// <summary>Copies the parts that are not written into the joined value at once.</summary>
    private static PreparedCall Join(CpuRun session, Op op, NativeTensor a, NativeTensor b, NativeTensor y)
    {
        bool copiesFirst = session.Layouts.ViewOf(op.Inputs[0])?.Host != op.Output, copiesSecond = session.Layouts.ViewOf(op.Inputs[1])?.Host != op.Output;
        if (!copiesFirst && !copiesSecond)
            return new NoCall();
        NativeTensor first = y.Slice(0, a.Dim1), second = y.Slice(a.Dim1, b.Dim1);
        return new CpuKernel(session, op, (context, at) =>
        {
            int status = copiesFirst ? SunetCpu.Copy(context, a, at.In(0), first, at.Out()) : NativeStatus.Ok;
            return status == NativeStatus.Ok && copiesSecond ? SunetCpu.Copy(context, b, at.In(1), second, at.Out()) : status;
        });
    }
}
