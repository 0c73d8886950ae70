using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>What begins or ends with bytes: normalised pixels, labels, and counts of labels against predictions.</summary>
internal static class CudaImage
{
    public static PreparedCall? Prepare(CudaRun run, Op op) => op switch
    {
        NormalizeImage normalize => Normalize(run, normalize),
        WidenLabels widen => Widen(run, widen),
        ConfusionCounts counts => new CudaConfusionCounts(run, counts),
        _ => null,
    };

    private static CudaKernelCall Normalize(CudaRun run, NormalizeImage op)
    {
        CudaActivation y = CudaActivation.Of(run.Layouts, op.Output);
        CudaKernel kernel = run.Kernels.Get("normalize_images" + y.Suffix);
        Shape to = op.Output.Shape;
        IReadOnlyList<float> mean = op.Normalization.Mean, deviation = op.Normalization.Deviation;
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Rows((long)to.Batch * to.Height, to.Width), CudaGrid.Block, at.Of(op.X), mean[0], mean[1],
                mean[2], deviation[0], deviation[1], deviation[2], op.IsMirrored ? 1 : 0, at.Of(op.Output), y.Stride, to.Batch, to.Height,
                to.Width),
        ]);
    }

    private static CudaKernelCall Widen(CudaRun run, WidenLabels op)
    {
        CudaKernel kernel = run.Kernels.Get("widen_labels");
        long count = op.X.Shape.Count;
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Elements(run.Device, count, lanes: 1), CudaGrid.Block, at.Of(op.X), at.Of(op.Output), count),
        ]);
    }

    /// <summary>The kernel adds to its counters, so they are cleared first; on the stream, as part of a captured graph.</summary>
    private sealed class CudaConfusionCounts(CudaRun run, ConfusionCounts op) : CudaCall(run, op)
    {
        private readonly CudaKernel kernel = run.Kernels.Get("confusion_matrix");
        private KernelLaunch? launch;
        private nint counts, invalid;

        public override string Implementation => kernel.Name;

        public override void Bind(IValueAddresses at)
        {
            (counts, invalid) = (at.Of(op.Counts), at.Of(op.Invalid));
            long pixels = op.Labels.Shape.Count;
            launch = new KernelLaunch(kernel, CudaGrid.Elements(Shared.Device, pixels, lanes: 1), CudaGrid.Block, at.Of(op.Labels),
                at.Of(op.Predictions), pixels, op.Classes, op.IgnoreLabel, counts, invalid);
        }

        protected override void Enqueue()
        {
            Clear(counts, op.Counts.Shape.Count);
            Clear(invalid, 1);
            launch!.Run(Shared.Stream.Raw, Label);
        }

        private void Clear(nint address, long count) => Shared.Stream.FillWords(address, 0, count, Label);
    }
}
