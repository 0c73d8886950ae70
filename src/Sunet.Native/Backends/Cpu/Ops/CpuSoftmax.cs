using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Softmax, its mean over scales, cross-entropy, their gradients, and the likeliest class.</summary>
internal static unsafe class CpuSoftmax
{
    /// <summary>Parts that the pixels are divided in for the sums of the Dice loss, and sums a class; less room is refused.</summary>
    private const int LossParts = 64, DiceSums = 3;

    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        Softmax softmax => Probabilities(run, softmax, run.Layouts.TensorOf(softmax.X), run.Layouts.TensorOf(softmax.Output)),
        AverageProbabilities average => Average(run, average),
        SoftmaxGradient gradient =>
            ProbabilitiesGradient(run, gradient, run.Layouts.TensorOf(gradient.Dy), run.Layouts.TensorOf(gradient.Output)),
        SoftmaxCrossEntropy loss => Loss(run, loss, run.Layouts.TensorOf(loss.Logits)),
        SoftmaxCrossEntropyGradient loss =>
            LossGradient(run, loss, run.Layouts.TensorOf(loss.Logits), run.Layouts.TensorOf(loss.Output)),
        DiceCrossEntropy loss => DiceLoss(run, loss, run.Layouts.TensorOf(loss.Logits)),
        DiceCrossEntropyGradient loss =>
            DiceGradient(run, loss, run.Layouts.TensorOf(loss.Logits), run.Layouts.TensorOf(loss.Output)),
        ArgMax argMax when run.Layouts.IsUnmade(argMax.X) => ResizedArgMax(run, argMax, (BilinearResize)argMax.X.Producer!),
        ArgMax argMax => Largest(run, argMax, run.Layouts.TensorOf(argMax.X)),
        _ => null,
    };

    private static CpuKernel Probabilities(CpuRun run, Softmax op, NativeTensor x, NativeTensor y) =>
        new(run, op, (context, at) => SunetCpu.Softmax(context, x, at.Of(op.X), y, at.Of(op.Output)));

    private static CpuKernel Average(CpuRun run, AverageProbabilities op)
    {
        NativeTensor y = run.Layouts.TensorOf(op.Output);
        ScaledLogits[] scales = [.. op.Scales];
        NativeScaledLogits[] natives =
        [
            .. scales.Select(s => new NativeScaledLogits
            {
                Tensor = run.Layouts.TensorOf(s.Logits),
                Height = s.NetworkSize.H,
                Width = s.NetworkSize.W,
                Mirrored = s.IsMirrored ? 1 : 0,
            }),
        ];
        long floats = SunetCpu.AverageProbabilitiesScratch(
            run.Context.Raw, op.Output.Shape.Channels, natives.Max(n => n.Width), op.Output.Shape.Width);
        return new CpuKernel(run, op, (context, at) =>
        {
            for (int i = 0; i < scales.Length; i++)
                natives[i].Logits = at.Of(scales[i].Logits);
            fixed (NativeScaledLogits* first = natives)
            {
                return SunetCpu.AverageProbabilities(
                    context, natives.Length, first, (float*)at.Scratch, floats, y, at.Of(op.Output));
            }
        }, floats * sizeof(float));
    }

    /// <summary>Probabilities lie as the gradient that is written; the one that comes in may not.</summary>
    private static CpuKernel ProbabilitiesGradient(CpuRun run, SoftmaxGradient op, NativeTensor dy, NativeTensor dx) =>
        new(run, op, (context, at) =>
        {
            int status = SunetCpu.Copy(context, dy, at.Of(op.Dy), dx, at.Of(op.Output));
            return status != NativeStatus.Ok
                ? status
                : SunetCpu.SoftmaxBackward(context, dx, at.Of(op.Y), at.Of(op.Output), at.Of(op.Output));
        });

    private static CpuKernel Loss(CpuRun run, SoftmaxCrossEntropy op, NativeTensor logits) => new(run, op,
        (context, at) => SunetCpu.SoftmaxCrossEntropy(context, logits, at.Of(op.Logits), (int*)at.Of(op.Labels), op.IgnoreLabel,
            at.Of(op.LogSumExp), at.Of(op.Loss), (int*)at.Of(op.Counted), (int*)at.Of(op.Invalid)));

    private static CpuKernel LossGradient(CpuRun run, SoftmaxCrossEntropyGradient op, NativeTensor logits, NativeTensor dx) =>
        new(run, op, (context, at) => SunetCpu.SoftmaxCrossEntropyBackward(context, logits, at.Of(op.Logits), (int*)at.Of(op.Labels),
            op.IgnoreLabel, at.Of(op.LogSumExp), (int*)at.Of(op.Counted), run.One, dx, at.Of(op.Output)));

    private static CpuKernel DiceLoss(CpuRun run, DiceCrossEntropy op, NativeTensor logits)
    {
        long scratch = (long)LossParts * DiceSums * op.Logits.Shape.Channels * sizeof(double);
        return new CpuKernel(run, op, (context, at) => SunetCpu.DiceCrossEntropy(context, logits, at.Of(op.Logits),
            (int*)at.Of(op.Labels), op.IgnoreLabel, at.Of(op.ClassWeights), op.LabelSmoothing, op.DiceWeight, (double*)at.Scratch, scratch,
            at.Of(op.LogSumExp), at.Of(op.Loss), (int*)at.Of(op.Counted), (int*)at.Of(op.Invalid), at.Of(op.Coefficients)), scratch);
    }

    private static CpuKernel DiceGradient(CpuRun run, DiceCrossEntropyGradient op, NativeTensor logits, NativeTensor dx) =>
        new(run, op, (context, at) => SunetCpu.DiceCrossEntropyBackward(context, logits, at.Of(op.Logits), (int*)at.Of(op.Labels),
            op.IgnoreLabel, at.Of(op.LogSumExp), at.Of(op.Coefficients), dx, at.Of(op.Output)));

    private static CpuKernel Largest(CpuRun run, ArgMax op, NativeTensor x) =>
        new(run, op, (context, at) => SunetCpu.ArgMax(context, x, at.Of(op.X), (byte*)at.Of(op.Output)));

    /// <summary>
    /// Finds the likeliest class where the full-size logits are never made. The smaller logits they would be resized from lie in their
    /// place.
    /// </summary>
    private static CpuKernel ResizedArgMax(CpuRun run, ArgMax op, BilinearResize resize)
    {
        NativeTensor low = run.Layouts.TensorOf(resize.X);
        return new CpuKernel(run, op, (context, at) =>
            SunetCpu.ResizeArgMax(context, low, at.Of(op.X), op.X.Shape.Height, op.X.Shape.Width, (byte*)at.Of(op.Output)));
    }
}
