using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>One algorithm of cuBLASLt for a matrix product.</summary>
internal sealed unsafe class CudaMatmul : CudaAlgorithm
{
    /// <summary>What cuBLASLt's own users give it on the newest devices; more changes no choice.</summary>
    private const long UsefulWorkspace = 32L << 20;

    private const int MaximumAlgorithms = 8;

    private readonly CudaAlgorithms algorithms;
    private readonly MatmulShape shape;
    private readonly CublasLtHeuristicResult choice;
    private readonly string description;

    private CudaMatmul(CudaAlgorithms algorithms, in MatmulShape shape, in CublasLtHeuristicResult choice, string description)
    {
        this.algorithms = algorithms;
        this.shape = shape;
        this.choice = choice;
        this.description = description;
    }

    public override long WorkspaceBytes => (long)choice.WorkspaceBytes;

    public override string Description => description;

    /// <summary>What cuBLASLt proposes for a product, best first; nothing where it has no algorithm.</summary>
    public static IEnumerable<CudaCandidate> Candidates(CudaAlgorithms algorithms, MatmulShape shape, string layer)
    {
        CublasLtHeuristicResult[] results = Propose(algorithms, shape, layer);
        for (int i = 0; i < results.Length; i++)
        {
            CublasLtHeuristicResult result = results[i];
            string name = $"cublasLt algo {i}";
            yield return new CudaCandidate(name, () => new CudaMatmul(algorithms, shape, result, name));
        }
    }

    public override CudaBoundCall Bind(ReadOnlySpan<nint> operands, nint workspace, string layer) =>
        new Call(algorithms, shape, choice, operands, workspace, layer);

    public override void Dispose()
    {
    }

    private static CublasLtHeuristicResult[] Propose(CudaAlgorithms algorithms, in MatmulShape shape, string layer)
    {
        using var product = new CublasLtProduct(shape, algorithms.Options.AllowTf32, layer);
        using CublasLtDescriptor preference = CublasLtDescriptor.CreatePreference(layer);
        preference.Set(CublasLtPreferenceAttribute.MaxWorkspaceBytes, (ulong)Math.Min(UsefulWorkspace, algorithms.Options.WorkspaceLimitBytes));
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentA, (uint)shape.A.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentB, (uint)shape.B.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentC, (uint)shape.D.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentD, (uint)shape.D.Alignment);
        CublasLtHeuristicResult* results = stackalloc CublasLtHeuristicResult[MaximumAlgorithms];
        int status = CublasLt.GetHeuristic(algorithms.CublasLt.Raw, product.Operation.Raw, product.A.Raw, product.B.Raw, product.D.Raw,
            product.D.Raw, preference.Raw, MaximumAlgorithms, results, out int returned);
        if (status == (int)CublasResult.NotSupported)
            return [];
        CublasStatus.ThrowIfFailed(status, "cublasLtMatmulAlgoGetHeuristic", layer);
        var usable = new List<CublasLtHeuristicResult>();
        for (int i = 0; i < returned; i++)
        {
            if (results[i].State == CublasResult.Success)
                usable.Add(results[i]);
        }

        return [.. usable];
    }

    private sealed class Call : CudaBoundCall
    {
        private readonly CudaAlgorithms algorithms;
        private readonly CublasLtProduct product;
        private readonly nint a, b, d, workspace;
        private readonly float beta;
        private readonly string layer;
        private CublasLtHeuristicResult choice;

        public Call(CudaAlgorithms algorithms, in MatmulShape shape, in CublasLtHeuristicResult choice, ReadOnlySpan<nint> operands,
            nint workspace, string layer)
        {
            this.algorithms = algorithms;
            this.choice = choice;
            this.workspace = workspace;
            this.layer = layer;
            (a, b, d) = (operands[shape.A.Index], operands[shape.B.Index], operands[shape.D.Index]);
            beta = shape.Accumulates ? 1 : 0;
            product = new CublasLtProduct(shape, algorithms.Options.AllowTf32, layer);
            try
            {
                if (shape.HasBias)
                    product.Operation.Set(CublasLtMatmulAttribute.BiasPointer, operands[shape.BiasIndex]);
            }
            catch
            {
                product.Dispose();
                throw;
            }
        }

        public override void Run()
        {
            float one = 1, scale = beta;
            fixed (CublasLtAlgorithm* algorithm = &choice.Algorithm)
            {
                CublasStatus.ThrowIfFailed(
                    CublasLt.Matmul(algorithms.CublasLt.Raw, product.Operation.Raw, &one, a, product.A.Raw, b, product.B.Raw, &scale, d,
                        product.D.Raw, d, product.D.Raw, algorithm, workspace, choice.WorkspaceBytes, algorithms.Stream.Raw),
                    "cublasLtMatmul", layer);
            }
        }

        public override void Dispose() => product.Dispose();
    }
}
