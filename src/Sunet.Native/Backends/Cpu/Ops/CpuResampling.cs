using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Pooling, bilinear resizing, and their gradients.</summary>
internal static unsafe class CpuResampling
{
    public static PreparedCall? Prepare(CpuRun session, Op op) => op switch
    {
        AveragePool pool => Kernel(session, op, pool.X, (context, in x, source, in y, destination) =>
            SunetCpu.AveragePool(context, pool.Window, x, source, y, destination)),
        AveragePoolGradient pool => Kernel(session, op, pool.Dy, (context, in dy, source, in dx, destination) =>
            SunetCpu.AveragePoolBackward(context, pool.Window, dy, source, dx, destination)),
        GlobalAveragePool pool => Kernel(session, op, pool.X, SunetCpu.GlobalAveragePool),
        GlobalAveragePoolGradient pool => Kernel(session, op, pool.Dy, SunetCpu.GlobalAveragePoolBackward),
        BilinearResize when session.Layouts.IsUnmade(op.Output) => new NoCall(),
        BilinearResize resize => Kernel(session, op, resize.X, SunetCpu.Bilinear),
        BilinearResizeGradient resize => Kernel(session, op, resize.Dy, SunetCpu.BilinearBackward),
        _ => null,
    };

    private static CpuKernel Kernel(CpuRun session, Op op, Value read, Resampling resample)
    {
        NativeTensor from = session.Layouts.TensorOf(read), to = session.Layouts.TensorOf(op.Output);
        return new CpuKernel(session, op, (context, at) => resample(context, from, at.Of(read), to, at.Of(op.Output)));
    }

    private delegate int Resampling(nint context, in NativeTensor from, void* source, in NativeTensor to, void* destination);
}
