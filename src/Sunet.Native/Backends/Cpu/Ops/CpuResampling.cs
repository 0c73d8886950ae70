using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Pooling, bilinear resizing, and their gradients.</summary>
internal static unsafe class CpuResampling
{
    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        AveragePool pool => Kernel(run, op, pool.X, (context, in x, source, in y, destination) =>
            SunetCpu.AveragePool(context, pool.Window, x, source, y, destination)),
        AveragePoolGradient pool => Kernel(run, op, pool.Dy, (context, in dy, source, in dx, destination) =>
            SunetCpu.AveragePoolBackward(context, pool.Window, dy, source, dx, destination)),
        GlobalAveragePool pool => Kernel(run, op, pool.X, SunetCpu.GlobalAveragePool),
        GlobalAveragePoolGradient pool => Kernel(run, op, pool.Dy, SunetCpu.GlobalAveragePoolBackward),
        BilinearResize when run.Layouts.IsUnmade(op.Output) => new NoCall(),
        BilinearResize resize => Kernel(run, op, resize.X, SunetCpu.Bilinear),
        BilinearResizeGradient resize => Kernel(run, op, resize.Dy, SunetCpu.BilinearBackward),
        _ => null,
    };

    private static CpuKernel Kernel(CpuRun run, Op op, Value read, Resampling resample)
    {
        NativeTensor from = run.Layouts.TensorOf(read), to = run.Layouts.TensorOf(op.Output);
        return new CpuKernel(run, op, (context, at) => resample(context, from, at.Of(read), to, at.Of(op.Output)));
    }

    private delegate int Resampling(nint context, in NativeTensor from, void* source, in NativeTensor to, void* destination);
}
