using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>One algorithm of cuBLASLt for a matrix product. They all give the same bits at every run on the same device.</summary>
internal sealed unsafe class CudaMatmul : CudaAlgorithm
{
    /// <summary>What cuBLASLt's own users give it on the newest devices; more changes no choice.</summary>
    private const long UsefulWorkspace = 32L << 20;

    private const int MaximumAlgorithms = 8;

    private readonly CublasLtHandle cublasLt;
    private readonly bool allowTf32;
    private readonly MatmulShape shape;
    private readonly CublasLtHeuristicResult choice;
    private readonly string description;

    private CudaMatmul(CudaRun run, in MatmulShape shape, in CublasLtHeuristicResult choice, string description)
    {
        cublasLt = run.Libraries.CublasLt;
        allowTf32 = run.Settings.AllowTf32;
        this.shape = shape;
        this.choice = choice;
        this.description = description;
    }

    public override long WorkspaceBytes => (long)choice.WorkspaceBytes;

    public override string Description => description;

    /// <summary>What cuBLASLt proposes for a product, best first; nothing where it has no algorithm.</summary>
    public static IEnumerable<CudaCandidate> Candidates(AlgorithmSearch search, MatmulShape shape)
    {
        CublasLtHeuristicResult[] results = Propose(search, shape);
        for (int i = 0; i < results.Length; i++)
        {
            CublasLtHeuristicResult result = results[i];
            string name = $"cublasLt algo {i}";
            yield return new CudaCandidate(name, () => new CudaMatmul(search.Run, shape, result, name));
        }
    }

    public override CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer) =>
        new Call(this, run.Stream, operands, workspace, layer);

    public override void Dispose()
    {
    }

    private static CublasLtHeuristicResult[] Propose(AlgorithmSearch search, in MatmulShape shape)
    {
        (CudaRun run, string layer) = (search.Run, search.Layer);
        using var product = new CublasLtProduct(shape, run.Settings.AllowTf32, layer);
        using CublasLtDescriptor preference = CublasLtDescriptor.CreatePreference(layer);
        long workspace = Math.Min(UsefulWorkspace, run.Settings.WorkspaceLimitBytes);
        preference.Set(CublasLtPreferenceAttribute.MaxWorkspaceBytes, (ulong)workspace);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentA, (uint)TensorLayout.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentB, (uint)TensorLayout.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentC, (uint)TensorLayout.Alignment);
        preference.Set(CublasLtPreferenceAttribute.MinAlignmentD, (uint)TensorLayout.Alignment);
        CublasLtHeuristicResult* results = stackalloc CublasLtHeuristicResult[MaximumAlgorithms];
        int status = CublasLt.GetHeuristic(run.Libraries.CublasLt.Raw, product.Operation.Raw, product.A.Raw, product.B.Raw, product.D.Raw,
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

    private sealed class Call : CudaBoundAlgorithm
    {
        private readonly CublasLtHandle cublasLt;
        private readonly CudaStream stream;
        private readonly CublasLtProduct product;
        private readonly nint a, b, d, workspace;
        private readonly float beta;
        private readonly string layer;
        private CublasLtHeuristicResult choice;

        public Call(CudaMatmul owner, CudaStream stream, ReadOnlySpan<nint> operands, nint workspace, string layer)
        {
            cublasLt = owner.cublasLt;
            choice = owner.choice;
            this.stream = stream;
            this.workspace = workspace;
            this.layer = layer;
            MatmulShape shape = owner.shape;
            (a, b, d) = (operands[shape.A.Index], operands[shape.B.Index], operands[shape.D.Index]);
            beta = shape.Accumulates ? 1 : 0;
            product = new CublasLtProduct(shape, owner.allowTf32, layer);
            try
            {
                if (shape.BiasIndex >= 0)
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
            int result;
            fixed (CublasLtAlgorithm* algorithm = &choice.Algorithm)
            {
                result = CublasLt.Matmul(cublasLt.Raw, product.Operation.Raw, &one, a, product.A.Raw, b, product.B.Raw, &scale, d,
                    product.D.Raw, d, product.D.Raw, algorithm, workspace, choice.WorkspaceBytes, stream.Raw);
            }

            if (result != 0)
                CublasStatus.ThrowIfFailed(result, "cublasLtMatmul", layer);
        }

        public override void Dispose() => product.Dispose();
    }
}
