using System.Globalization;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>An engine of cuDNN made ready for one graph.</summary>
internal sealed class CudnnPlan : CudaAlgorithm
{
    private const double Megabyte = 1e6;

    private readonly CudnnHandle cudnn;
    private readonly CudnnBinding[] bindings;
    private readonly CudnnDescriptor configuration;
    private readonly CudnnDescriptor plan;
    private readonly string name;

    private CudnnPlan(CudnnHandle cudnn, CudnnGraph graph, CudnnDescriptor configuration, CudnnDescriptor plan, long workspaceBytes,
        string name)
    {
        this.cudnn = cudnn;
        bindings = [.. graph.Bindings];
        this.configuration = configuration;
        this.plan = plan;
        this.name = name;
        WorkspaceBytes = workspaceBytes;
    }

    public override long WorkspaceBytes { get; }

    public override string Description => WorkspaceBytes == 0
        ? name
        : string.Create(CultureInfo.InvariantCulture, $"{name} ({WorkspaceBytes / Megabyte:0.0} MB)");

    /// <summary>
    /// Finalizes a plan, which may compile it; null, with the reason told, where cuDNN refuses or the workspace is too large.
    /// </summary>
    /// <exception cref="MemoryException">Memory does not suffice.</exception>
    public static CudnnPlan? Build(AlgorithmSearch search, CudnnGraph graph, CudnnEngineList engines, int index, string name)
    {
        CudnnDescriptor plan = CudnnDescriptor.Create(CudnnDescriptorType.ExecutionPlan);
        bool isKept = false;
        try
        {
            plan.Set(CudnnAttribute.ExecutionPlanHandle, search.Builder)
                .Set(CudnnAttribute.ExecutionPlanEngineConfig, engines[index]);
            if (!search.Accepts(name, plan))
                return null;
            long workspace = plan.GetInt64(CudnnAttribute.ExecutionPlanWorkspaceSize);
            if (!search.Affords(name, workspace))
                return null;

            isKept = true;
            return new CudnnPlan(search.Run.Libraries.Cudnn, graph, engines.Take(index), plan, workspace, name);
        }
        finally
        {
            if (!isKept)
                plan.Dispose();
        }
    }

    public override CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer) =>
        new Call(this, operands, workspace, layer);

    public override void Dispose()
    {
        plan.Dispose();
        configuration.Dispose();
    }

    /// <summary>A plan with addresses: the variant pack is built once and executed often.</summary>
    private sealed class Call : CudaBoundAlgorithm
    {
        private readonly CudnnPlan owner;
        private readonly string layer;
        private readonly CudnnDescriptor pack;

        public Call(CudnnPlan owner, ReadOnlySpan<nint> operands, nint workspace, string layer)
        {
            this.owner = owner;
            this.layer = layer;
            CudnnBinding[] bindings = owner.bindings;
            Span<long> ids = stackalloc long[bindings.Length];
            Span<nint> addresses = stackalloc nint[bindings.Length];
            for (int i = 0; i < bindings.Length; i++)
                (ids[i], addresses[i]) = (bindings[i].Id, operands[bindings[i].Operand]);
            pack = CudnnDescriptor.Create(CudnnDescriptorType.VariantPack);
            try
            {
                pack.Set(CudnnAttribute.VariantPackUniqueIds, ids)
                    .Set<nint>(CudnnAttribute.VariantPackDataPointers, CudnnAttributeType.VoidPointer, addresses)
                    .Set(CudnnAttribute.VariantPackWorkspace, CudnnAttributeType.VoidPointer, workspace)
                    .Finalize(layer);
            }
            catch
            {
                pack.Dispose();
                throw;
            }
        }

        public override void Run()
        {
            int result = Cudnn.Execute(owner.cudnn.Raw, owner.plan.Raw, pack.Raw);
            if (result != 0)
                CudnnStatus.ThrowIfFailed(result, "cudnnBackendExecute", layer);
        }

        public override void Dispose() => pack.Dispose();
    }
}
