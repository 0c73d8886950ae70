using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>Softmax, its mean over scales, cross-entropy, their gradients, and the likeliest class.</summary>
internal static class CudaSoftmax
{
    /// <summary>Threads, and pixels, of a block that gives each thread a pixel.</summary>
    private const int PixelBlock = 128;

    private const int WarpsPerBlock = CudaGrid.Block / 32, PartialBytes = 16, ElementsPerTile = 4096;

    /// <summary>Bytes of a block's partial sums of the weighted cross-entropy, and sums of the Dice loss a class.</summary>
    private const int EntropyPartialBytes = 32, DiceSums = 3;

    /// <summary>Few, because a single block adds them up.</summary>
    private const int MaxDiceChunks = 128;

    public static PreparedCall? Prepare(CudaRun run, Op op) => op switch
    {
        Softmax softmax => Probabilities(run, softmax),
        AverageProbabilities average => Average(run, average),
        SoftmaxGradient gradient => ProbabilitiesGradient(run, gradient),
        SoftmaxCrossEntropy loss => Loss(run, loss),
        SoftmaxCrossEntropyGradient loss => LossGradient(run, loss),
        DiceCrossEntropy loss => DiceLoss(run, loss),
        DiceCrossEntropyGradient loss => DiceGradient(run, loss),
        ArgMax { X.Producer: BilinearResize resize } when CudaResampling.IsLeftToReader(run, resize) =>
            ResizedLargest(run, op, resize),
        ArgMax argMax => Largest(run, argMax),
        _ => null,
    };

    private static CudaKernelCall Probabilities(CudaRun run, Softmax op)
    {
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X), y = Float32(run, op, op.Output);
        CudaKernel kernel = run.Kernels.Get("softmax" + x.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Pixels(x.Pixels, PixelBlock), PixelBlock, at.Of(op.X), x.Stride, at.Of(op.Output), y.Stride,
                x.Pixels, x.Channels),
        ]);
    }

    /// <summary>A launch for each scale: the first begins the mean and the others add to it.</summary>
    private static CudaKernelCall Average(CudaRun run, AverageProbabilities op)
    {
        ScaledLogits[] scales = [.. op.Scales];
        CudaActivation y = Float32(run, op, op.Output);
        Shape to = op.Output.Shape;
        CudaActivation[] logits = [.. scales.Select(s => CudaActivation.Of(run.Layouts, s.Logits))];
        foreach (ScaledLogits scale in scales)
            CudaResampling.CheckSides(op, to, to.WithSize(scale.NetworkSize.H, scale.NetworkSize.W));
        CudaKernel[] kernels = [.. logits.Select(x => run.Kernels.Get("add_probabilities" + x.Suffix))];
        (int X, int Y, int Z) grid = (CudaGrid.RowTiles(to, PixelBlock, to.Channels), 1, 1);
        float share = 1f / scales.Length;
        return new CudaKernelCall(run, op, 0, kernels[0].Name, at =>
        [
            .. scales.Select((scale, i) => new KernelLaunch(kernels[i], grid, PixelBlock, at.Of(scale.Logits), logits[i].Stride,
                to.Batch, to.Channels, scale.Logits.Shape.Height, scale.Logits.Shape.Width, scale.NetworkSize.H, scale.NetworkSize.W,
                scale.IsMirrored ? 1 : 0, share, i == 0 ? 1 : 0, at.Of(op.Output), y.Stride, to.Height, to.Width)),
        ]);
    }

    private static CudaKernelCall ProbabilitiesGradient(CudaRun run, SoftmaxGradient op)
    {
        CudaActivation y = Float32(run, op, op.Y), dx = Float32(run, op, op.Output);
        CudaActivation dy = CudaActivation.Of(run.Layouts, op.Dy);
        CudaKernel kernel = run.Kernels.Get("softmax_backward" + dy.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Pixels(y.Pixels, WarpsPerBlock), CudaGrid.Block, at.Of(op.Y), y.Stride, at.Of(op.Dy),
                dy.Stride, at.Of(op.Output), dx.Stride, y.Pixels, y.Channels),
        ]);
    }

    private static CudaKernelCall Loss(CudaRun run, SoftmaxCrossEntropy op)
    {
        CudaActivation logits = CudaActivation.Of(run.Layouts, op.Logits);
        CudaKernel kernel = run.Kernels.Get("cross_entropy" + logits.Suffix);
        CudaKernel finish = run.Kernels.Get("cross_entropy_finish");
        (int X, int Y, int Z) grid = CudaGrid.Pixels(logits.Pixels, PixelBlock);
        return new CudaKernelCall(run, op, (long)grid.X * PartialBytes, kernel.Name, at =>
        [
            new KernelLaunch(kernel, grid, PixelBlock, at.Of(op.Logits), logits.Stride, at.Of(op.Labels), logits.Pixels,
                logits.Channels, op.IgnoreLabel, at.Of(op.LogSumExp), at.Scratch),
            new KernelLaunch(finish, (1, 1, 1), CudaGrid.Block, at.Scratch, grid.X, at.Of(op.Loss), at.Of(op.Counted), at.Of(op.Invalid)),
        ]);
    }

    private static CudaKernelCall LossGradient(CudaRun run, SoftmaxCrossEntropyGradient op)
    {
        CudaActivation logits = CudaActivation.Of(run.Layouts, op.Logits), gradient = Float32(run, op, op.Output);
        CudaKernel kernel = run.Kernels.Get("cross_entropy_backward" + logits.Suffix);
        int tile = Math.Clamp(ElementsPerTile / logits.Channels, 1, PixelBlock);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.PixelTiles(logits.Pixels, tile), CudaGrid.Block, at.Of(op.Logits), logits.Stride,
                at.Of(op.Labels), op.IgnoreLabel, at.Of(op.LogSumExp), at.Of(op.Counted), at.Of(op.Output), gradient.Stride, logits.Pixels,
                logits.Channels),
        ]);
    }

    /// <summary>The cross-entropy, the sums of the Dice loss where it has a weight, and what follows from both.</summary>
    private static CudaKernelCall DiceLoss(CudaRun run, DiceCrossEntropy op)
    {
        CudaActivation logits = CudaActivation.Of(run.Layouts, op.Logits);
        CudaKernel entropy = run.Kernels.Get("weighted_cross_entropy" + logits.Suffix);
        CudaKernel dice = run.Kernels.Get("dice_sums" + logits.Suffix), finish = run.Kernels.Get("dice_cross_entropy_finish");
        (int X, int Y, int Z) grid = CudaGrid.Pixels(logits.Pixels, PixelBlock);
        int chunks = op.DiceWeight > 0 ? Math.Min(CudaGrid.Chunks(logits), MaxDiceChunks) : 0;
        long entropyBytes = (long)grid.X * EntropyPartialBytes;
        return new CudaKernelCall(run, op, entropyBytes + ((long)chunks * DiceSums * logits.Channels * sizeof(double)), entropy.Name, at =>
        {
            nint sums = at.Scratch + (nint)entropyBytes;
            var first = new KernelLaunch(entropy, grid, PixelBlock, at.Of(op.Logits), logits.Stride, at.Of(op.Labels), logits.Pixels,
                logits.Channels, op.IgnoreLabel, at.Of(op.ClassWeights), op.LabelSmoothing, at.Of(op.LogSumExp), at.Scratch);
            var second = new KernelLaunch(dice, (Math.Max(1, chunks), 1, 1), CudaGrid.Block, at.Of(op.Logits), logits.Stride,
                at.Of(op.Labels), op.IgnoreLabel, at.Of(op.LogSumExp), logits.Pixels, logits.Channels, sums);
            var last = new KernelLaunch(finish, (1, 1, 1), CudaGrid.Block, at.Scratch, grid.X, sums, chunks, at.Of(op.ClassWeights),
                logits.Channels, op.LabelSmoothing, op.DiceWeight, at.Of(op.Loss), at.Of(op.Counted), at.Of(op.Invalid),
                at.Of(op.Coefficients));
            return chunks > 0 ? [first, second, last] : [first, last];
        });
    }

    private static CudaKernelCall DiceGradient(CudaRun run, DiceCrossEntropyGradient op)
    {
        CudaActivation logits = CudaActivation.Of(run.Layouts, op.Logits), gradient = Float32(run, op, op.Output);
        CudaKernel kernel = run.Kernels.Get("dice_cross_entropy_backward" + logits.Suffix);
        int tile = Math.Clamp(ElementsPerTile / logits.Channels, 1, PixelBlock);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.PixelTiles(logits.Pixels, tile), CudaGrid.Block, at.Of(op.Logits), logits.Stride,
                at.Of(op.Labels), op.IgnoreLabel, at.Of(op.LogSumExp), at.Of(op.Coefficients), at.Of(op.Output), gradient.Stride,
                logits.Pixels, logits.Channels),
        ]);
    }

    private static CudaKernelCall Largest(CudaRun run, ArgMax op)
    {
        CudaActivation x = CudaActivation.Of(run.Layouts, op.X);
        CudaKernel kernel = run.Kernels.Get("arg_max" + x.Suffix);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, CudaGrid.Pixels(x.Pixels, PixelBlock), PixelBlock, at.Of(op.X), x.Stride, at.Of(op.Output), x.Pixels,
                x.Channels),
        ]);
    }

    /// <summary>From the logits before they are resized, in one pass.</summary>
    private static CudaKernelCall ResizedLargest(CudaRun run, Op op, BilinearResize resize)
    {
        Value low = resize.X;
        CudaActivation x = CudaActivation.Of(run.Layouts, low);
        Shape from = low.Shape, to = resize.Output.Shape;
        CudaResampling.CheckSides(resize, from, to);
        CudaKernel kernel = run.Kernels.Get("bilinear_arg_max" + x.Suffix);
        ResizeTiling tiling = ResizeTiling.ForwardOfAllChannels(from, to);
        return new CudaKernelCall(run, op, 0, kernel.Name, at =>
        [
            new KernelLaunch(kernel, (tiling.Blocks, 1, 1), CudaGrid.Block, at.Of(low), x.Stride, at.Of(op.Output), from.Batch,
                from.Channels, from.Height, from.Width, to.Height, to.Width, tiling.Tile, tiling.Chunk),
        ]);
    }

    /// <summary>A value that is float32 in every precision.</summary>
    /// <exception cref="BackendException">It is not.</exception>
    private static CudaActivation Float32(CudaRun run, Op op, Value value)
    {
        CudaActivation activation = CudaActivation.Of(run.Layouts, value);
        return activation.IsBf16
            ? throw new BackendException(
                $"The CUDA kernel of {op.Kind} '{op.Name}' takes '{value.Name}' in float32, and it is bf16.", CudaKernels.Resource, 0,
                op.Name)
            : activation;
    }
}
