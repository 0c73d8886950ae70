using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Backends.Shared;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>Pointwise ops, concatenation and slices, gradients of biases.</summary>
internal static class CudaElementwise
{
    public static PreparedCall? Prepare(CudaRun run, Op op) => op switch
    {
        IPointwise pointwise => Pointwise(run, op, pointwise),
        Concat when op.Inputs.All(part => run.Layouts.ViewOf(part)?.Host == op.Output) => new NoCall(),
        Concat concat => Join(run, concat),
        ChannelSlice slice when run.Layouts.ViewOf(slice.Output)?.Host == slice.X => new NoCall(),
        ChannelSlice slice => Slice(run, slice),
        BiasGradient bias => Sum(run, bias),
        _ => null,
    };

    /// <summary>The call of an op's kernel; null where there is none.</summary>
    private static CudaKernelCall? Pointwise(CudaRun run, Op op, IPointwise operands)
    {
        Value second = operands.Second ?? operands.First;
        CudaActivation y = CudaActivation.OfOutput(run.Layouts, op, operands.First, second);
        CudaActivation a = CudaActivation.Of(run.Layouts, operands.First), b = CudaActivation.Of(run.Layouts, second);
        if (run.Kernels.TryGet(KernelName.Of(op) + y.Suffix) is not { } kernel)
            return null;
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        {
            List<KernelArgument> arguments = [at.Of(operands.First), a.Stride];
            if (operands.Second is not null)
                arguments.AddRange([at.Of(second), b.Stride]);
            if (operands.Coefficient is { } coefficient)
                arguments.Add(coefficient);
            arguments.AddRange([at.Of(op.Output), y.Stride, y.Pixels, y.Channels]);
            return
            [
                new KernelLaunch(kernel, CudaGrid.Elements(run.Device, y.Pixels * y.Channels, y.Lanes), CudaGrid.Block,
                    CollectionsMarshal.AsSpan(arguments)),
            ];
        });
    }

    private static CudaKernelCall Join(CudaRun run, Concat op)
    {
        CudaActivation y = CudaActivation.OfOutput(run.Layouts, op, op.A, op.B);
        CudaActivation a = CudaActivation.Of(run.Layouts, op.A), b = CudaActivation.Of(run.Layouts, op.B);
        return new CudaKernelCall(run, op, 0, "copy_channels" + y.Suffix, at =>
        {
            nint first = at.Of(op.Output), second = first + a.Channels * y.ElementBytes;
            return
            [
                .. Copy(run, a, at.Of(op.A), y with { Channels = a.Channels }, first),
                .. Copy(run, b, at.Of(op.B), y with { Channels = b.Channels }, second),
            ];
        });
    }

    private static CudaKernelCall Slice(CudaRun run, ChannelSlice op)
    {
        CudaActivation y = CudaActivation.OfOutput(run.Layouts, op, op.X);
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X) with { Channels = y.Channels };
        return new CudaKernelCall(run, op, 0, "copy_channels" + y.Suffix,
            at => Copy(run, x, at.Of(op.X) + op.Offset * x.ElementBytes, y, at.Of(op.Output)));
    }

    private static CudaKernelCall Sum(CudaRun run, BiasGradient op)
    {
        CudaActivation dy = CudaActivation.Of(run.Layouts, op.Dy);
        CudaKernel sum = run.Kernels.Get("channel_sum" + dy.Suffix), finish = run.Kernels.Get("channel_sum_finish");
        int chunks = CudaGrid.Chunks(dy);
        return new CudaKernelCall(run, op, (long)chunks * dy.Channels * sizeof(float), sum.Name, at =>
        [
            new KernelLaunch(sum, CudaGrid.Reduction(dy), CudaGrid.Block,
                at.Of(op.Dy), dy.Stride, at.Scratch, dy.Pixels, dy.Channels),
            new KernelLaunch(finish, CudaGrid.Finish(dy.Channels), CudaGrid.Block, at.Scratch, chunks, dy.Channels, at.Of(op.Output)),
        ]);
    }

    /// <summary>Copies pixels of channels, or does nothing where the two places are one.</summary>
    private static KernelLaunch[] Copy(CudaRun run, in CudaActivation from, nint source, in CudaActivation to, nint destination) =>
        source == destination && from.Stride == to.Stride
            ? []
            : [LayoutLaunches.CopyChannels(run.Kernels, from, source, to, destination)];
}
