using Sunet.Native.Graphs;

namespace Sunet.Verification.Reference;

/// <summary>All families of ops.</summary>
internal static class ReferenceFamilies
{
    public static IReadOnlyList<ReferenceFamily> All { get; } =
    [
        new ConvolutionLoops(), new DenseLoops(), new ElementwiseLoops(), new BatchNormLoops(), new ResamplingLoops(), new LossLoops(),
        new ImageLoops(), new ProbabilityLoops(),
    ];

    /// <summary>The outputs of an op, in its order.</summary>
    /// <param name="op">The op.</param>
    /// <param name="of">Gives the elements of its inputs.</param>
    /// <exception cref="NotSupportedException">No family has the op.</exception>
    public static double[][] Compute(Op op, Func<Value, double[]> of)
    {
        // Nothing computes it: its memory is zero from the beginning.
        if (op is ZeroGradient)
            return [new double[op.Output.Shape.Count]];
        return All.Select(family => family.Compute(op, of)).FirstOrDefault(outputs => outputs is not null)
            ?? throw new NotSupportedException($"The reference executor does not know {op.Kind} '{op.Name}'.");
    }
}
