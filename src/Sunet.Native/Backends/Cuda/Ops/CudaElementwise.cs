using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>ReLU, sums, concatenation and slices, gradients of biases.</summary>
internal static class CudaElementwise
{
    public static PreparedCall? Prepare(CudaRun session, Op op) => op switch
    {
        Relu => Map(session, op),
        ReluGradient => Combine(session, op, "relu_backward"),
        Add => Combine(session, op, "add"),
        Concat when op.Inputs.All(part => session.Layouts.ViewOf(part)?.Host == op.Output) => new NoCall(),
        Concat => Join(session, op),
        ChannelSlice when session.Layouts.ViewOf(op.Output)?.Host == op.Inputs[0] => new NoCall(),
        ChannelSlice slice => Slice(session, slice),
        BiasGradient => Sum(session, op),
        _ => null,
    };

    private static CudaKernelCall Map(CudaRun session, Op op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.Inputs[0]), x = CudaActivation.Of(session.Layouts, op.Inputs[0]);
        CudaKernel kernel = session.Kernels.Get("relu" + y.Suffix);
        return new CudaKernelCall(session, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(session.Device, y.Pixels * y.Channels, y.Lanes), CudaGrid.Block,
                at.Of(op.Inputs[0]), x.Stride, at.Of(op.Output), y.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Combine(CudaRun session, Op op, string name)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.Inputs[0], op.Inputs[1]);
        CudaActivation a = CudaActivation.Of(session.Layouts, op.Inputs[0]), b = CudaActivation.Of(session.Layouts, op.Inputs[1]);
        CudaKernel kernel = session.Kernels.Get(name + y.Suffix);
        return new CudaKernelCall(session, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(session.Device, y.Pixels * y.Channels, y.Lanes), CudaGrid.Block,
                at.Of(op.Inputs[0]), a.Stride, at.Of(op.Inputs[1]), b.Stride, at.Of(op.Output), y.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Join(CudaRun session, Op op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.Inputs[0], op.Inputs[1]);
        CudaActivation a = CudaActivation.Of(session.Layouts, op.Inputs[0]), b = CudaActivation.Of(session.Layouts, op.Inputs[1]);
        return new CudaKernelCall(session, op, 0, "copy_channels" + y.Suffix, at =>
        {
            nint first = at.Of(op.Output), second = first + a.Channels * y.ElementBytes;
            return
            [
                .. Copy(session, a, at.Of(op.Inputs[0]), y with { Channels = a.Channels }, first),
                .. Copy(session, b, at.Of(op.Inputs[1]), y with { Channels = b.Channels }, second),
            ];
        });
    }

    private static CudaKernelCall Slice(CudaRun session, ChannelSlice op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.Inputs[0]);
        CudaActivation x = CudaActivation.Of(session.Layouts, op.Inputs[0]) with { Channels = y.Channels };
        return new CudaKernelCall(session, op, 0, "copy_channels" + y.Suffix,
            at => Copy(session, x, at.Of(op.Inputs[0]) + op.Offset * x.ElementBytes, y, at.Of(op.Output)));
    }

    private static CudaKernelCall Sum(CudaRun session, Op op)
    {
        CudaActivation dy = CudaActivation.Of(session.Layouts, op.Inputs[0]);
        CudaKernel sum = session.Kernels.Get("channel_sum" + dy.Suffix), finish = session.Kernels.Get("channel_sum_finish");
        int chunks = CudaGrid.Chunks(dy);
        return new CudaKernelCall(session, op, (long)chunks * dy.Channels * sizeof(float), sum.Name, at =>
        [
            new KernelLaunch(sum, CudaGrid.Reduction(dy), CudaGrid.Block,
                at.Of(op.Inputs[0]), dy.Stride, at.Scratch, dy.Pixels, dy.Channels),
            new KernelLaunch(finish, CudaGrid.Finish(dy.Channels), CudaGrid.Block, at.Scratch, chunks, dy.Channels, at.Of(op.Output)),
        ]);
    }

    /// <summary>Copies pixels of channels, or does nothing where the two places are one.</summary>
    private static KernelLaunch[] Copy(CudaRun session, in CudaActivation from, nint source, in CudaActivation to, nint destination) =>
        source == destination && from.Stride == to.Stride ? [] : [LayoutLaunches.CopyChannels(session.Kernels, from, source, to, destination)];
}
