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
        Relu relu => Map(session, relu),
        ReluGradient gradient => Combine(session, op, "relu_backward", gradient.Y, gradient.Dy),
        Add add => Combine(session, op, "add", add.A, add.B),
        Concat when op.Inputs.All(part => session.Layouts.ViewOf(part)?.Host == op.Output) => new NoCall(),
        Concat concat => Join(session, concat),
        ChannelSlice slice when session.Layouts.ViewOf(slice.Output)?.Host == slice.X => new NoCall(),
        ChannelSlice slice => Slice(session, slice),
        BiasGradient bias => Sum(session, bias),
        _ => null,
    };

    private static CudaKernelCall Map(CudaRun session, Relu op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.X), x = CudaActivation.Of(session.Layouts, op.X);
        CudaKernel kernel = session.Kernels.Get("relu" + y.Suffix);
        return new CudaKernelCall(session, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(session.Device, y.Pixels * y.Channels, y.Lanes), CudaGrid.Block,
                at.Of(op.X), x.Stride, at.Of(op.Output), y.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Combine(CudaRun session, Op op, string name, Value first, Value second)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, first, second);
        CudaActivation a = CudaActivation.Of(session.Layouts, first), b = CudaActivation.Of(session.Layouts, second);
        CudaKernel kernel = session.Kernels.Get(name + y.Suffix);
        return new CudaKernelCall(session, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(session.Device, y.Pixels * y.Channels, y.Lanes), CudaGrid.Block,
                at.Of(first), a.Stride, at.Of(second), b.Stride, at.Of(op.Output), y.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Join(CudaRun session, Concat op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.A, op.B);
        CudaActivation a = CudaActivation.Of(session.Layouts, op.A), b = CudaActivation.Of(session.Layouts, op.B);
        return new CudaKernelCall(session, op, 0, "copy_channels" + y.Suffix, at =>
        {
            nint first = at.Of(op.Output), second = first + a.Channels * y.ElementBytes;
            return
            [
                .. Copy(session, a, at.Of(op.A), y with { Channels = a.Channels }, first),
                .. Copy(session, b, at.Of(op.B), y with { Channels = b.Channels }, second),
            ];
        });
    }

    private static CudaKernelCall Slice(CudaRun session, ChannelSlice op)
    {
        CudaActivation y = CudaActivation.OfOutput(session.Layouts, op, op.X);
        CudaActivation x = CudaActivation.Of(session.Layouts, op.X) with { Channels = y.Channels };
        return new CudaKernelCall(session, op, 0, "copy_channels" + y.Suffix,
            at => Copy(session, x, at.Of(op.X) + op.Offset * x.ElementBytes, y, at.Of(op.Output)));
    }

    private static CudaKernelCall Sum(CudaRun session, BiasGradient op)
    {
        CudaActivation dy = CudaActivation.Of(session.Layouts, op.Dy);
        CudaKernel sum = session.Kernels.Get("channel_sum" + dy.Suffix), finish = session.Kernels.Get("channel_sum_finish");
        int chunks = CudaGrid.Chunks(dy);
        return new CudaKernelCall(session, op, (long)chunks * dy.Channels * sizeof(float), sum.Name, at =>
        [
            new KernelLaunch(sum, CudaGrid.Reduction(dy), CudaGrid.Block,
                at.Of(op.Dy), dy.Stride, at.Scratch, dy.Pixels, dy.Channels),
            new KernelLaunch(finish, CudaGrid.Finish(dy.Channels), CudaGrid.Block, at.Scratch, chunks, dy.Channels, at.Of(op.Output)),
        ]);
    }

    /// <summary>Copies pixels of channels, or does nothing where the two places are one.</summary>
    private static KernelLaunch[] Copy(CudaRun session, in CudaActivation from, nint source, in CudaActivation to, nint destination) =>
        source == destination && from.Stride == to.Stride ? [] : [LayoutLaunches.CopyChannels(session.Kernels, from, source, to, destination)];
}
