using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Ops whose inputs or outputs are bytes: normalised pixels, labels, and counts of labels against predictions.</summary>
internal static unsafe class CpuImage
{
    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        NormalizeImage normalize => Normalize(run, normalize),
        WidenLabels widen => new CpuKernel(run, op, (context, at) =>
            SunetCpu.WidenLabels(context, widen.X.Shape.Count, (byte*)at.Of(widen.X), (int*)at.Of(widen.Output))),
        ConfusionCounts counts => new CpuKernel(run, op, (context, at) => SunetCpu.ConfusionCounts(context, counts.Labels.Shape.Count,
            (int*)at.Of(counts.Labels), (byte*)at.Of(counts.Predictions), counts.Classes, counts.IgnoreLabel, (int*)at.Of(counts.Counts),
            (int*)at.Of(counts.Invalid))),
        _ => null,
    };

    private static CpuKernel Normalize(CpuRun run, NormalizeImage op)
    {
        NativeTensor y = run.Layouts.TensorOf(op.Output);
        float[] mean = [.. op.Normalization.Mean], deviation = [.. op.Normalization.Deviation];
        int mirrored = op.IsMirrored ? 1 : 0;
        return new CpuKernel(run, op, (context, at) =>
        {
            fixed (float* m = mean, d = deviation)
                return SunetCpu.NormalizeImages(context, (byte*)at.Of(op.X), m, d, mirrored, y, at.Of(op.Output));
        });
    }
}
