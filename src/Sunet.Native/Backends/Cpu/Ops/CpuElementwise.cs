using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>ReLU, sums, concatenation and slices, gradients of biases.</summary>
internal static unsafe class CpuElementwise
{
    public static PreparedCall? Prepare(CpuRun session, Op op) => op switch
    {
        Relu relu => Clamp(session, relu, session.Layouts.TensorOf(relu.Output)),
        ReluGradient gradient => Mask(session, gradient, session.Layouts.TensorOf(gradient.Dy), session.Layouts.TensorOf(gradient.Output)),
        Add add =>
            Sum(session, add, session.Layouts.TensorOf(add.A), session.Layouts.TensorOf(add.B), session.Layouts.TensorOf(add.Output)),
        Concat concat =>
            Join(
                session, concat, session.Layouts.TensorOf(concat.A), session.Layouts.TensorOf(concat.B),
                session.Layouts.TensorOf(concat.Output)),
        ChannelSlice slice when session.Layouts.ViewOf(slice.Output)?.Host == slice.X => new NoCall(),
        ChannelSlice slice => Slice(session, slice),
        BiasGradient bias when session.BiasGradients.IsFound(bias) => new NoCall(),
        BiasGradient bias => ChannelSum(session, bias, session.Layouts.TensorOf(bias.Dy)),
        _ => null,
    };

    private static CpuKernel Clamp(CpuRun session, Relu op, NativeTensor y) =>
        new(session, op, (context, at) => SunetCpu.Relu(context, y, at.Of(op.X), at.Of(op.Output)));

    /// <summary>The layer's result lies as the gradient that is written; the one that comes in may not.</summary>
    private static CpuKernel Mask(CpuRun session, ReluGradient op, NativeTensor dy, NativeTensor dx) => dy.Layout == dx.Layout
        ? new CpuKernel(session, op, (context, at) => SunetCpu.ReluBackward(context, dx, at.Of(op.Y), at.Of(op.Dy), at.Of(op.Output)))
        : new CpuKernel(session, op, (context, at) =>
        {
            int status = SunetCpu.Copy(context, dy, at.Of(op.Dy), dx, at.Of(op.Output));
            return status != NativeStatus.Ok
                ? status
                : SunetCpu.ReluBackward(context, dx, at.Of(op.Y), at.Of(op.Output), at.Of(op.Output));
        });

    private static CpuKernel Sum(CpuRun session, Add op, NativeTensor a, NativeTensor b, NativeTensor y) =>
        new(session, op, (context, at) => SunetCpu.Add(context, a, at.Of(op.A), b, at.Of(op.B), y, at.Of(op.Output)));

    private static CpuKernel Slice(CpuRun session, ChannelSlice op)
    {
        NativeTensor from = session.Layouts.TensorOf(op.X).Slice(op.Offset, op.Output.Shape.Channels);
        NativeTensor y = session.Layouts.TensorOf(op.Output);
        return new CpuKernel(session, op, (context, at) => SunetCpu.Copy(context, from, at.Of(op.X), y, at.Of(op.Output)));
    }

    private static CpuKernel ChannelSum(CpuRun session, BiasGradient op, NativeTensor dy) =>
        new(session, op, (context, at) => SunetCpu.ChannelSum(context, dy, at.Of(op.Dy), at.Of(op.Output)));

    /// <summary>Copies the parts that are not written into the joined value at once.</summary>
    private static PreparedCall Join(CpuRun session, Concat op, NativeTensor a, NativeTensor b, NativeTensor y)
    {
        bool copiesFirst = session.Layouts.ViewOf(op.A)?.Host != op.Output, copiesSecond = session.Layouts.ViewOf(op.B)?.Host != op.Output;
        if (!copiesFirst && !copiesSecond)
            return new NoCall();
        NativeTensor first = y.Slice(0, a.Dim1), second = y.Slice(a.Dim1, b.Dim1);
        return new CpuKernel(session, op, (context, at) =>
        {
            int status = copiesFirst ? SunetCpu.Copy(context, a, at.Of(op.A), first, at.Of(op.Output)) : NativeStatus.Ok;
            return status == NativeStatus.Ok && copiesSecond ? SunetCpu.Copy(context, b, at.Of(op.B), second, at.Of(op.Output)) : status;
        });
    }
}
