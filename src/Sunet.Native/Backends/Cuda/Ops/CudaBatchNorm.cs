using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>Batch normalisation: statistics, application with ReLU, gradient, running statistics.</summary>
internal static class CudaBatchNorm
{
    public static PreparedCall? Prepare(CudaRun run, Op op) => op switch
    {
        BatchNormStatistics statistics => Statistics(run, statistics),
        BatchNormApply apply => Apply(run, apply),
        BatchNormGradient gradient => Gradient(run, gradient),
        RunningStatisticsUpdate update => Running(run, update),
        _ => null,
    };

    private static CudaKernelCall Statistics(CudaRun run, BatchNormStatistics op)
    {
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X);
        CudaKernel partial = run.Kernels.Get("batch_norm_statistics" + x.Suffix);
        CudaKernel finish = run.Kernels.Get("batch_norm_statistics_finish");
        int chunks = CudaGrid.Chunks(x);
        return new CudaKernelCall(run, op, PartialBytes(x, 3), partial.Name, at =>
        [
            new KernelLaunch(partial, CudaGrid.Reduction(x), CudaGrid.Block, at.Of(op.X), x.Stride, at.Scratch, x.Pixels, x.Channels),
            new KernelLaunch(finish, CudaGrid.Finish(x.Channels), CudaGrid.Block,
                at.Scratch, chunks, x.Pixels, x.Channels, at.Of(op.Mean), at.Of(op.Variance)),
        ]);
    }

    private static CudaKernelCall Apply(CudaRun run, BatchNormApply op)
    {
        CudaActivation y = CudaActivation.OfOutput(run.Layouts, op, op.X), x = CudaActivation.Of(run.Layouts, op.X);
        CudaKernel kernel = run.Kernels.Get("batch_norm_apply" + y.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Channels(run.Device, y), CudaGrid.Block,
                at.Of(op.X), x.Stride, at.Of(op.Mean), at.Of(op.Variance), at.Of(op.Gamma), at.Of(op.Beta), op.Epsilon,
                op.FusedRelu ? 1 : 0, at.Of(op.Output), y.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Gradient(CudaRun run, BatchNormGradient op)
    {
        CudaActivation dx = CudaActivation.OfOutput(run.Layouts, op, op.X, op.Dy, op.Addend ?? op.Dy);
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X), dy = CudaActivation.Of(run.Layouts, op.Dy);
        int addendStride = run.Layouts.PixelStride(op.Addend ?? op.Output), relu = op.FusedRelu ? 1 : 0, chunks = CudaGrid.Chunks(x);
        CudaKernels kernels = run.Kernels;
        CudaKernel partial = kernels.Get("batch_norm_gradient_sums" + dx.Suffix), finish = kernels.Get("batch_norm_gradient_finish");
        CudaKernel whole = kernels.Get("batch_norm_input_gradient" + dx.Suffix);
        return new CudaKernelCall(run, op, PartialBytes(x, 2), whole.Name, at =>
        {
            nint mean = at.Of(op.Mean), variance = at.Of(op.Variance), gamma = at.Of(op.Gamma), beta = at.Of(op.Beta);
            nint addend = op.Addend is null ? 0 : at.Of(op.Addend);
            return
            [
                new KernelLaunch(partial, CudaGrid.Reduction(x), CudaGrid.Block,
                    at.Of(op.X), x.Stride, at.Of(op.Dy), dy.Stride, mean, variance, gamma, beta, op.Epsilon, relu, at.Scratch, x.Pixels,
                    x.Channels),
                new KernelLaunch(finish, CudaGrid.Finish(x.Channels), CudaGrid.Block,
                    at.Scratch, chunks, x.Channels, variance, op.Epsilon, at.Of(op.GammaGradient), at.Of(op.BetaGradient)),
                new KernelLaunch(whole, CudaGrid.Channels(run.Device, dx), CudaGrid.Block,
                    at.Of(op.X), x.Stride, at.Of(op.Dy), dy.Stride, addend, addendStride, mean, variance, gamma, beta,
                    at.Of(op.GammaGradient), at.Of(op.BetaGradient), op.Epsilon, relu, op.BatchStatistics ? 1 : 0, at.Of(op.Output),
                    dx.Stride, dx.Pixels, dx.Channels),
            ];
        });
    }

    private static CudaKernelCall Running(CudaRun run, RunningStatisticsUpdate op)
    {
        int channels = op.BatchMean.Shape[0];
        CudaKernel kernel = run.Kernels.Get("running_statistics_update");
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(run.Device, channels, 1), CudaGrid.Block,
                at.Of(op.BatchMean), at.Of(op.BatchVariance), op.Count, op.Momentum, at.Of(op.RunningMean), at.Of(op.RunningVariance),
                channels, run.Guard),
        ]);
    }

    /// <summary>Some partial results for every chunk and channel.</summary>
    private static long PartialBytes(in CudaActivation x, int results) => (long)results * CudaGrid.Chunks(x) * x.Channels * sizeof(float);
}
