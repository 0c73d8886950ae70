using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Batch normalisation: statistics, application with ReLU, gradient, running statistics.</summary>
internal static unsafe class CpuBatchNorm
{
    public static PreparedCall? Prepare(CpuRun session, Op op) => op switch
    {
        BatchNormStatistics => Statistics(session, op, session.Layouts.TensorOf(op.Inputs[0])),
        BatchNormApply apply when session.Layouts.IsUnmade(apply.Output) => new NoCall(),
        BatchNormApply apply => Apply(session, apply, session.Layouts.TensorOf(apply.X), session.Layouts.TensorOf(apply.Output)),
        BatchNormGradient gradient => Gradient(session, gradient),
        RunningStatisticsUpdate update => new CpuKernel(session, op, (context, at) => session.LastCheck.IsSound
            ? SunetCpu.RunningStatisticsUpdate(context, update.Inputs[0].Shape[0], update.Count, update.Momentum, at.In(0), at.In(1), at.In(2), at.In(3))
            : NativeStatus.Ok),
        _ => null,
    };

    private static CpuKernel Statistics(CpuRun session, Op op, NativeTensor x) =>
        new(session, op, (context, at) => SunetCpu.BatchNormStatistics(context, x, at.In(0), at.Out(0), at.Out(1)));

    private static CpuKernel Apply(CpuRun session, BatchNormApply op, NativeTensor x, NativeTensor y) =>
        new(session, op, (context, at) => SunetCpu.BatchNormApply(context, x, at.In(0), at.In(1), at.In(2), at.In(3), at.In(4), op.Epsilon,
            op.FusedRelu ? 1 : 0, y, at.Out()));

    private static CpuKernel Gradient(CpuRun session, BatchNormGradient op)
    {
        var fixedPart = new NativeBatchNormGradient
        {
            XTensor = session.Layouts.TensorOf(op.Inputs[0]),
            DyTensor = session.Layouts.TensorOf(op.Dy),
            DxTensor = session.Layouts.TensorOf(op.Output),
            AddendTensor = session.Layouts.TensorOf(op.Addend ?? op.Output),
            Epsilon = op.Epsilon,
            Relu = op.FusedRelu ? 1 : 0,
            BatchStatistics = op.BatchStatistics ? 1 : 0,
        };
        bool adds = op.Addend is not null;
        return new CpuKernel(session, op, (context, at) =>
        {
            NativeBatchNormGradient gradient = fixedPart;
            gradient.X = at.In(0);
            gradient.Mean = at.In(1);
            gradient.Variance = at.In(2);
            gradient.Gamma = at.In(3);
            gradient.Beta = at.In(4);
            gradient.Dy = at.In(5);
            gradient.Addend = adds ? at.In(6) : null;
            gradient.Dx = at.Out(0);
            gradient.DGamma = at.Out(1);
            gradient.DBeta = at.Out(2);
            return SunetCpu.BatchNormBackward(context, gradient);
        });
    }
}
