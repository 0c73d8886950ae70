using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Where the values of a call lie.</summary>
internal sealed unsafe class CpuAddresses
{
    private readonly Value[] values;
    private readonly nint[] addresses;

    public CpuAddresses(Op op, IValueAddresses at)
    {
        Scratch = (void*)at.Scratch;
        values = [.. op.Inputs, .. op.Outputs];
        addresses = [.. values.Select(at.Of)];
    }

    /// <summary>The call's scratch memory.</summary>
    public void* Scratch { get; }

    /// <summary>The first element of one of the op's inputs or outputs; a search among the few that an op has.</summary>
    public float* Of(Value value)
    {
        int index = 0;
        while (!ReferenceEquals(values[index], value))
            index++;
        return (float*)addresses[index];
    }
}

/// <summary>Runs one of the library's kernels and gives back its status.</summary>
/// <param name="context">The native context.</param>
/// <param name="at">Where the op's inputs and outputs lie.</param>
internal delegate int CpuKernelBody(nint context, CpuAddresses at);

/// <summary>A call of one of the library's own kernels.</summary>
/// <param name="run">What the calls of the graph share.</param>
/// <param name="op">The op it computes.</param>
/// <param name="body">Calls the kernel.</param>
/// <param name="scratchBytes">The scratch memory that the kernel takes.</param>
internal sealed class CpuKernel(CpuRun run, Op op, CpuKernelBody body, long scratchBytes = 0) : PreparedCall
{
    private CpuAddresses? addresses;

    public override long ScratchBytes => scratchBytes;

    public override string Implementation => "kernel";

    public override void Bind(IValueAddresses at) => addresses = new CpuAddresses(op, at);

    public override void Run() => NativeStatus.ThrowIfFailed(body(run.Context.Raw, addresses!), op.Kind, CpuLibrary.File, op.Name);
}
