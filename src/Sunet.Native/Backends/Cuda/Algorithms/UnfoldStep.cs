using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Unfolds the images before an algorithm for unfolded ones, and pads the weights or takes the padding out of their gradient.
/// </summary>
internal sealed class UnfoldStep(CudaAlgorithm inner, UnfoldedConvolution unfolding) : CudaAlgorithm
{
    /// <summary>The inner algorithm's own workspace comes first, then the weights, then the images.</summary>
    public override long WorkspaceBytes => ImageOffset + unfolding.Part.X.Bytes;

    public override string Description => "unfold + " + inner.Description;

    private bool ComputesWeights => unfolding.Whole.Direction == ConvolutionDirection.Weights;

    private long WeightOffset => TensorLayout.Aligned(inner.WorkspaceBytes);

    private long ImageOffset => WeightOffset + TensorLayout.Aligned(unfolding.Part.W.Bytes);

    public override CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint weights = workspace + (nint)WeightOffset, images = workspace + (nint)ImageOffset;
        nint[] redirected = operands.ToArray();
        redirected[ConvolutionProblem.OperandX] = images;
        redirected[ConvolutionProblem.OperandW] = weights;
        var steps = new List<CudaBoundAlgorithm>();
        try
        {
            if (!ComputesWeights)
                Launch(unfolding.Weights(run.Kernels, operands[ConvolutionProblem.OperandW], weights));
            for (int i = 0; i < unfolding.Parts; i++)
            {
                nint x = operands[ConvolutionProblem.OperandX] + PartOffset(i, unfolding.Whole.X);
                redirected[ConvolutionProblem.OperandY] = operands[ConvolutionProblem.OperandY] + PartOffset(i, unfolding.Whole.Y);
                Launch(unfolding.Images(run.Kernels, x, images));
                steps.Add(inner.Bind(run, redirected, workspace, layer));
            }

            if (ComputesWeights)
                Launch(unfolding.WeightGradient(run.Kernels, weights, operands[ConvolutionProblem.OperandW]));
            return new AlgorithmSequence([.. steps]);
        }
        catch
        {
            steps.ForEach(s => s.Dispose());
            throw;
        }

        void Launch(KernelLaunch launch) => steps.Add(new BoundLaunch(launch, run.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();

    private nint PartOffset(int part, in TensorLayout layout) => (nint)(part * unfolding.Part.X.N * layout.ImageBytes);
}
