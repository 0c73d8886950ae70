using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// The ways to compute a convolution, in the order in which they are tried: cuDNN with sum, bias and ReLU in one graph; cuDNN for the
/// convolution and a kernel of ours behind it; and where a convolution is a matrix product, cuBLASLt. cuDNN comes first even there: its
/// heuristics know convolutions, and those of cuBLASLt were not made for products as tall as these. Gradients of float32 weights from bf16
/// factors are the other way round: the engines of cuDNN 9.19 that write float32 take all pixels into one sum, 1.7 ms on an H100 where the
/// product or an engine that writes bf16 takes 0.1 to 0.2. Images of few channels are unfolded before all that. Where candidates are timed,
/// time decides.
/// </summary>
internal static class ConvolutionCandidates
{
    /// <summary>Ways to solve the problem, the one expected to be best first. They are made one by one, as the caller asks on.</summary>
    public static IEnumerable<CudaCandidate> For(ConvolutionProblem problem, AlgorithmSearch search) =>
        UnfoldedConvolution.Of(problem) is { } unfolding
            ? Unfolded(unfolding, search).Concat(Direct(problem, search))
            : Direct(problem, search);

    private static IEnumerable<CudaCandidate> Direct(ConvolutionProblem problem, AlgorithmSearch search)
    {
        IEnumerable<CudaCandidate> plain = Plain(problem, search), product = problem.IsPointwise ? Product(problem, search) : [];
        if (problem.Direction == ConvolutionDirection.Weights && problem.X.IsBf16 && !problem.W.IsBf16)
            return product.Concat(Widened(problem, search)).Concat(plain);
        IEnumerable<CudaCandidate> fused = Fused(problem, search);
        IEnumerable<CudaCandidate> all = problem.HasEpilogue ? fused.Concat(plain) : problem.Accumulates ? plain.Concat(fused) : plain;
        return problem.PrefersProduct ? product.Concat(all) : all.Concat(product);
    }

    /// <summary>The convolution of an unfolded image.</summary>
    private static IEnumerable<CudaCandidate> Unfolded(UnfoldedConvolution unfolding, AlgorithmSearch search)
    {
        foreach (CudaCandidate candidate in Direct(unfolding.Part, search))
        {
            string identity = "unfolded " + candidate.Identity;
            yield return new CudaCandidate(identity, () =>
            {
                if (candidate.Build() is not { } inner)
                    return null;
                var whole = new UnfoldStep(inner, unfolding);
                if (search.Affords(identity, whole.WorkspaceBytes))
                    return whole;
                whole.Dispose();
                return null;
            });
        }
    }

    /// <summary>One graph: convolution, sum, bias, ReLU; nothing between them reaches memory.</summary>
    private static IEnumerable<CudaCandidate> Fused(ConvolutionProblem problem, AlgorithmSearch search)
    {
        using var graph = new CudnnGraph(search.Builder, search.Layer);
        TensorLayout layout = problem.Result;
        CudnnDescriptor result = graph.Tensor(layout, problem.ResultOperand), value = graph.Virtual(layout);
        int steps = (problem.Accumulates ? 1 : 0) + (problem.HasBias ? 1 : 0) + (problem.FusedRelu ? 1 : 0);
        AddConvolution(graph, problem, value);
        if (problem.Accumulates)
            graph.Add(value, graph.Tensor(layout, problem.ResultOperand), value = Next());
        if (problem.HasBias)
            graph.Add(value, graph.Tensor(TensorLayout.Vector(layout.C), ConvolutionProblem.OperandBias), value = Next());
        if (problem.FusedRelu)
            graph.Relu(value, Next());
        foreach (CudaCandidate candidate in CudnnEngines.Propose(search, graph, "fused ", multipliesFloat32: !problem.X.IsBf16))
            yield return candidate;

        CudnnDescriptor Next() => --steps == 0 ? result : graph.Virtual(layout);
    }

    /// <summary>The convolution alone, onto what is there if need be, and a kernel for bias and ReLU.</summary>
    private static IEnumerable<CudaCandidate> Plain(ConvolutionProblem problem, AlgorithmSearch search)
    {
        using var graph = new CudnnGraph(search.Builder, search.Layer);
        AddConvolution(graph, problem, graph.Tensor(problem.Result, problem.ResultOperand), problem.Accumulates ? 1 : 0);
        foreach (CudaCandidate candidate in CudnnEngines.Propose(search, graph, "", multipliesFloat32: !problem.X.IsBf16))
        {
            yield return problem.HasEpilogue
                ? candidate.Then(inner => new BiasReluStep(inner, problem))
                : candidate;
        }
    }

    /// <summary>The matrix product that a pointwise convolution or its gradient is.</summary>
    private static IEnumerable<CudaCandidate> Product(ConvolutionProblem problem, AlgorithmSearch search)
    {
        long pixels = problem.X.Pixels;
        int c = problem.X.C, k = problem.Y.C;
        MatmulOperand X(bool transposed = false) => MatmulOperand.Of(ConvolutionProblem.OperandX, problem.X, transposed);
        MatmulOperand W(bool transposed = false) => MatmulOperand.Of(ConvolutionProblem.OperandW, problem.W, transposed);
        MatmulOperand Y(bool transposed = false) => MatmulOperand.Of(ConvolutionProblem.OperandY, problem.Y, transposed);
        MatmulShape shape = problem.Direction switch
        {
            ConvolutionDirection.Forward => new(k, pixels, c, W(transposed: true), X(), Y()),
            ConvolutionDirection.Data => new(c, pixels, k, W(), Y(), X()),
            _ => new(c, k, pixels, X(), Y(transposed: true), W()),
        };

        // The library wants a bias of the result's type, and ours stay float32.
        bool fuses = problem.HasEpilogue && (!problem.HasBias || !problem.Result.IsBf16);
        shape = shape with
        {
            BiasIndex = fuses && problem.HasBias ? ConvolutionProblem.OperandBias : -1,
            FusedRelu = fuses && problem.FusedRelu,
            Accumulates = problem.Accumulates,
        };
        foreach (CudaCandidate candidate in CudaMatmul.Candidates(search, shape))
        {
            yield return problem.HasEpilogue && !fuses
                ? candidate.Then(inner => new BiasReluStep(inner, problem))
                : candidate;
        }
    }

    /// <summary>The gradient of the weights as bf16, summed in float32 and rounded once, made float32 afterwards.</summary>
    private static IEnumerable<CudaCandidate> Widened(ConvolutionProblem problem, AlgorithmSearch search)
    {
        ConvolutionProblem narrow = problem with { W = problem.W with { IsBf16 = true } };
        foreach (CudaCandidate candidate in Plain(narrow, search))
        {
            CudaCandidate widened = candidate.Then(inner => new WidenStep(inner, narrow.W, ConvolutionProblem.OperandW));
            yield return widened with { Identity = "widened " + candidate.Identity };
        }
    }

    private static void AddConvolution(CudnnGraph graph, ConvolutionProblem problem, CudnnDescriptor result, float beta = 0)
    {
        CudnnDescriptor Place(in TensorLayout layout, int operand) =>
            operand == problem.ResultOperand ? result : graph.Tensor(layout, operand);

        graph.Convolution(problem.Direction, problem.Geometry, Place(problem.X, ConvolutionProblem.OperandX),
            Place(problem.W, ConvolutionProblem.OperandW), Place(problem.Y, ConvolutionProblem.OperandY), beta);
    }
}
