using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>Pooling, bilinear resizing, and their gradients.</summary>
internal static class CudaResampling
{
    public static PreparedCall? Prepare(CudaRun run, Op op) => op switch
    {
        AveragePool pool => Pool(run, pool),
        AveragePoolGradient pool => Spread(run, op, pool.Dy, pool.Window, pool.Window),
        GlobalAveragePool pool => Mean(run, pool),
        GlobalAveragePoolGradient pool => Spread(run, op, pool.Dy, op.Output.Shape.Height, op.Output.Shape.Width),
        BilinearResize when IsLeftToReader(run, op) => new NoCall(),
        BilinearResize resize => Resize(run, op, "bilinear", resize.X, resize.X.Shape, op.Output.Shape,
            ResizeTiling.Forward(resize.X.Shape, op.Output.Shape)),
        BilinearResizeGradient resize => Resize(run, op, "bilinear_backward", resize.Dy, op.Output.Shape, resize.Dy.Shape,
            ResizeTiling.Backward(op.Output.Shape)),
        _ => null,
    };

    /// <summary>Whether the resized value is never made, because its reader resizes as it goes.</summary>
    public static bool IsLeftToReader(CudaRun run, Op op) =>
        op is BilinearResize resize && run.Layouts.ViewOf(op.Output)?.Host == resize.X;

    /// <summary>Refuses sizes that the kernels' positions do not reach.</summary>
    /// <exception cref="BackendException">A side is too long.</exception>
    public static void CheckSides(Op op, Shape from, Shape to)
    {
        if (Math.Max(Math.Max(from.Height, from.Width), Math.Max(to.Height, to.Width)) > ResizeTiling.MaxSide)
        {
            throw new BackendException(
                $"The CUDA backend resizes images of up to {ResizeTiling.MaxSide} pixels a side; {op.Kind} '{op.Name}' takes {from} to "
                + $"{to}.",
                CudaKernels.Resource, 0, op.Name);
        }
    }

    private static CudaKernelCall Pool(CudaRun run, AveragePool op)
    {
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X), y = CudaActivation.Of(run.Layouts, op.Output);
        Shape from = op.X.Shape;
        CudaKernel kernel = run.Kernels.Get("average_pool" + x.Suffix + y.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, Grid(run, x, y), CudaGrid.Block, at.Of(op.X), x.Stride, at.Of(op.Output), y.Stride,
                from.Batch, from.Height, from.Width, from.Channels, op.Window),
        ]);
    }

    private static CudaKernelCall Spread(CudaRun run, Op op, Value gradient, int windowHeight, int windowWidth)
    {
        CudaActivation dy = CudaActivation.Of(run.Layouts, gradient), dx = CudaActivation.Of(run.Layouts, op.Output);
        Shape to = op.Output.Shape;
        CudaKernel kernel = run.Kernels.Get("average_pool_backward" + dy.Suffix + dx.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, Grid(run, dy, dx), CudaGrid.Block, at.Of(gradient), dy.Stride, at.Of(op.Output), dx.Stride,
                to.Batch, to.Height, to.Width, to.Channels, windowHeight, windowWidth),
        ]);
    }

    private static CudaKernelCall Mean(CudaRun run, GlobalAveragePool op)
    {
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X), y = CudaActivation.Of(run.Layouts, op.Output);
        Shape from = op.X.Shape;
        CudaKernel kernel = run.Kernels.Get("global_average_pool" + x.Suffix + y.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Means(from.Batch, from.Channels), CudaGrid.Block, at.Of(op.X), x.Stride, at.Of(op.Output),
                y.Stride, from.Batch, from.Height * from.Width, from.Channels),
        ]);
    }

    /// <summary>Either direction; sizes are those of the resize, whatever the direction.</summary>
    private static CudaKernelCall Resize(
        CudaRun run, Op op, string name, Value source, Shape from, Shape to, ResizeTiling tiling)
    {
        CheckSides(op, from, to);
        CudaActivation read = CudaActivation.Of(run.Layouts, source), written = CudaActivation.Of(run.Layouts, op.Output);
        CudaKernel kernel = run.Kernels.Get(name + read.Suffix + written.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, (tiling.Blocks, 1, 1), CudaGrid.Block, at.Of(source), read.Stride, at.Of(op.Output),
                written.Stride, from.Batch, from.Channels, from.Height, from.Width, to.Height, to.Width, tiling.Tile, tiling.Chunk),
        ]);
    }

    /// <summary>Over what is written, by accesses that suit both element types.</summary>
    private static (int X, int Y, int Z) Grid(CudaRun run, in CudaActivation read, in CudaActivation written)
    {
        int lanes = read.Lanes == 1 || written.Lanes == 1 ? 1 : Math.Max(read.Lanes, written.Lanes);
        return CudaGrid.Elements(run.Device, written.Pixels * written.Channels, lanes);
    }
}
