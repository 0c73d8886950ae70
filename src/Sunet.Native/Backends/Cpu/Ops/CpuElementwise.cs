using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Backends.Shared;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Pointwise ops, concatenation and slices, gradients of biases.</summary>
internal static unsafe class CpuElementwise
{
    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        IPointwise pointwise => Pointwise(run, op, pointwise),
        Concat concat => Join(run, concat),
        ChannelSlice slice when run.Layouts.ViewOf(slice.Output)?.Host == slice.X => new NoCall(),
        ChannelSlice slice => Slice(run, slice),
        BiasGradient bias when run.BiasGradients.IsFound(bias) => new NoCall(),
        BiasGradient bias => ChannelSum(run, bias, run.Layouts.TensorOf(bias.Dy)),
        _ => null,
    };

    /// <summary>The call of an op's kernel; null where the library has none.</summary>
    private static CpuKernel? Pointwise(CpuRun run, Op op, IPointwise operands)
    {
        if (PointwiseKernel.Find(KernelName.Of(op)) is not { } kernel)
            return null;
        NativeTensor a = run.Layouts.TensorOf(operands.First), y = run.Layouts.TensorOf(op.Output);
        float coefficient = operands.Coefficient ?? 0;
        if (operands.Second is not { } second)
        {
            return new CpuKernel(run, op,
                (context, at) => kernel.Run(context, a, at.Of(operands.First), a, null, coefficient, y, at.Of(op.Output)));
        }

        NativeTensor b = run.Layouts.TensorOf(second);
        if (op.LaidOutLike is null || (b.Layout, b.Type) == (y.Layout, y.Type))
        {
            return new CpuKernel(run, op,
                (context, at) => kernel.Run(context, a, at.Of(operands.First), b, at.Of(second), coefficient, y, at.Of(op.Output)));
        }

        // The kernel takes one layout, and its second operand lies in another.
        return new CpuKernel(run, op, (context, at) =>
        {
            int status = SunetCpu.Copy(context, b, at.Of(second), y, at.Of(op.Output));
            return status != NativeStatus.Ok
                ? status
                : kernel.Run(context, a, at.Of(operands.First), y, at.Of(op.Output), coefficient, y, at.Of(op.Output));
        });
    }

    private static CpuKernel Slice(CpuRun run, ChannelSlice op)
    {
        NativeTensor from = run.Layouts.TensorOf(op.X).Slice(op.Offset, op.Output.Shape.Channels);
        NativeTensor y = run.Layouts.TensorOf(op.Output);
        return new CpuKernel(run, op, (context, at) => SunetCpu.Copy(context, from, at.Of(op.X), y, at.Of(op.Output)));
    }

    private static CpuKernel ChannelSum(CpuRun run, BiasGradient op, NativeTensor dy) =>
        new(run, op, (context, at) => SunetCpu.ChannelSum(context, dy, at.Of(op.Dy), at.Of(op.Output)));

    /// <summary>Copies the parts that are not written into the joined value at once.</summary>
    private static PreparedCall Join(CpuRun run, Concat op)
    {
        CpuFormats layouts = run.Layouts;
        NativeTensor a = layouts.TensorOf(op.A), b = layouts.TensorOf(op.B), y = layouts.TensorOf(op.Output);
        bool copiesFirst = layouts.ViewOf(op.A)?.Host != op.Output, copiesSecond = layouts.ViewOf(op.B)?.Host != op.Output;
        if (!copiesFirst && !copiesSecond)
            return new NoCall();
        NativeTensor first = y.Slice(0, a.Dim1), second = y.Slice(a.Dim1, b.Dim1);
        return new CpuKernel(run, op, (context, at) =>
        {
            int status = copiesFirst ? SunetCpu.Copy(context, a, at.Of(op.A), first, at.Of(op.Output)) : NativeStatus.Ok;
            return status == NativeStatus.Ok && copiesSecond ? SunetCpu.Copy(context, b, at.Of(op.B), second, at.Of(op.Output)) : status;
        });
    }
}
