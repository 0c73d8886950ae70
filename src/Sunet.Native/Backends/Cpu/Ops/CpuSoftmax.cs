using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Softmax, cross-entropy, their gradients, and the likeliest class.</summary>
internal static unsafe class CpuSoftmax
{
    public static PreparedCall? Prepare(CpuRun session, Op op)
    {
        if (op is not (Softmax or SoftmaxGradient or SoftmaxCrossEntropy or SoftmaxCrossEntropyGradient or ArgMax))
            return null;
        NativeTensor x = session.Layouts.TensorOf(op.Inputs[0]);
        NativeTensor y = session.Layouts.TensorOf(op.Output);
        NativeTensor dy = op is SoftmaxGradient ? session.Layouts.TensorOf(op.Inputs[1]) : y;
        return new CpuKernel(session, op, op switch
        {
            Softmax => (context, at) => SunetCpu.Softmax(context, x, at.In(0), y, at.Out()),
            SoftmaxGradient => (context, at) =>
            {
                // Probabilities lie as the gradient that is written; the one that comes in may not.
                int status = SunetCpu.Copy(context, dy, at.In(1), y, at.Out());
                return status != NativeStatus.Ok ? status : SunetCpu.SoftmaxBackward(context, y, at.In(0), at.Out(), at.Out());
            },
            SoftmaxCrossEntropy loss => (context, at) => SunetCpu.SoftmaxCrossEntropy(context, x, at.In(0), (int*)at.In(1), loss.IgnoreLabel,
                at.Out(1), at.Out(0), (int*)at.Out(2), (int*)at.Out(3)),
            SoftmaxCrossEntropyGradient loss => (context, at) => SunetCpu.SoftmaxCrossEntropyBackward(context, x, at.In(0), (int*)at.In(1),
                loss.IgnoreLabel, at.In(2), (int*)at.In(3), session.One, y, at.Out()),
            ArgMax when session.Layouts.IsUnmade(op.Inputs[0]) => ResizedArgMax(session, op.Inputs[0]),
            _ => (context, at) => SunetCpu.ArgMax(context, x, at.In(0), (byte*)at.Out()),
        });
    }

    /// <summary>Of logits at full size that are never made; what lies in their place is what they would be made from.</summary>
    private static CpuKernelBody ResizedArgMax(CpuRun session, Value resized)
    {
        NativeTensor low = session.Layouts.TensorOf(resized.Producer!.Inputs[0]);
        return (context, at) =>
            SunetCpu.ResizeArgMax(context, low, at.In(0), resized.Shape.Height, resized.Shape.Width, (byte*)at.Out());
    }
}
