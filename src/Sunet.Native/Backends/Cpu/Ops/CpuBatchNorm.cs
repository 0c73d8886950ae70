using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Batch normalisation: statistics, application with ReLU, gradient, running statistics.</summary>
internal static unsafe class CpuBatchNorm
{
    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        BatchNormStatistics statistics => Statistics(run, statistics, run.Layouts.TensorOf(statistics.X)),
        BatchNormApply apply when run.Layouts.IsUnmade(apply.Output) => new NoCall(),
        BatchNormApply apply => Apply(run, apply, run.Layouts.TensorOf(apply.X), run.Layouts.TensorOf(apply.Output)),
        BatchNormGradient gradient => Gradient(run, gradient),
        RunningStatisticsUpdate update => new CpuKernel(run, op, (context, at) => run.LastCheck.IsSound
            ? SunetCpu.RunningStatisticsUpdate(context, update.BatchMean.Shape[0], update.Count, update.Momentum, at.Of(update.BatchMean),
                at.Of(update.BatchVariance), at.Of(update.RunningMean), at.Of(update.RunningVariance))
            : NativeStatus.Ok),
        _ => null,
    };

    private static CpuKernel Statistics(CpuRun run, BatchNormStatistics op, NativeTensor x) => new(run, op,
        (context, at) => SunetCpu.BatchNormStatistics(context, x, at.Of(op.X), at.Of(op.Mean), at.Of(op.Variance)));

    private static CpuKernel Apply(CpuRun run, BatchNormApply op, NativeTensor x, NativeTensor y) =>
        new(run, op, (context, at) => SunetCpu.BatchNormApply(context, x, at.Of(op.X), at.Of(op.Mean), at.Of(op.Variance),
            at.Of(op.Gamma), at.Of(op.Beta), op.Epsilon, op.FusedRelu ? 1 : 0, y, at.Of(op.Output)));

    private static CpuKernel Gradient(CpuRun run, BatchNormGradient op)
    {
        var fixedPart = new NativeBatchNormGradient
        {
            XTensor = run.Layouts.TensorOf(op.X),
            DyTensor = run.Layouts.TensorOf(op.Dy),
            DxTensor = run.Layouts.TensorOf(op.Output),
            AddendTensor = run.Layouts.TensorOf(op.Addend ?? op.Output),
            Epsilon = op.Epsilon,
            Relu = op.FusedRelu ? 1 : 0,
            BatchStatistics = op.BatchStatistics ? 1 : 0,
        };
        return new CpuKernel(run, op, (context, at) =>
        {
            NativeBatchNormGradient gradient = fixedPart;
            gradient.X = at.Of(op.X);
            gradient.Mean = at.Of(op.Mean);
            gradient.Variance = at.Of(op.Variance);
            gradient.Gamma = at.Of(op.Gamma);
            gradient.Beta = at.Of(op.Beta);
            gradient.Dy = at.Of(op.Dy);
            gradient.Addend = op.Addend is { } addend ? at.Of(addend) : null;
            gradient.Dx = at.Of(op.Output);
            gradient.DGamma = at.Of(op.GammaGradient);
            gradient.DBeta = at.Of(op.BetaGradient);
            return SunetCpu.BatchNormBackward(context, gradient);
        });
    }
}
