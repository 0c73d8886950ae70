using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Pooling, bilinear resizing, and their gradients.</summary>
internal static unsafe class CpuResampling
{
    public static PreparedCall? Prepare(CpuRun session, Op op)
    {
        if (op is not (AveragePool or AveragePoolGradient or GlobalAveragePool or GlobalAveragePoolGradient or BilinearResize
            or BilinearResizeGradient))
        {
            return null;
        }

        if (session.Layouts.IsUnmade(op.Output))
            return new NoCall();
        NativeTensor x = session.Layouts.TensorOf(op.Inputs[0]);
        NativeTensor y = session.Layouts.TensorOf(op.Output);
        return new CpuKernel(session, op, op switch
        {
            AveragePool pool => (context, at) => SunetCpu.AveragePool(context, pool.Window, x, at.In(0), y, at.Out()),
            AveragePoolGradient pool => (context, at) => SunetCpu.AveragePoolBackward(context, pool.Window, x, at.In(0), y, at.Out()),
            GlobalAveragePool => (context, at) => SunetCpu.GlobalAveragePool(context, x, at.In(0), y, at.Out()),
            GlobalAveragePoolGradient => (context, at) => SunetCpu.GlobalAveragePoolBackward(context, x, at.In(0), y, at.Out()),
            BilinearResize => (context, at) => SunetCpu.Bilinear(context, x, at.In(0), y, at.Out()),
            _ => (context, at) => SunetCpu.BilinearBackward(context, x, at.In(0), y, at.Out()),
        });
    }
}
