using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>Where the values of a call lie, in the order of the op's inputs and outputs.</summary>
internal sealed unsafe class CpuAddresses
{
    private readonly nint[] inputs;
    private readonly nint[] outputs;

    public CpuAddresses(Op op, IValueAddresses at)
    {
        inputs = [.. op.Inputs.Select(at.Of)];
        outputs = [.. op.Outputs.Select(at.Of)];
    }

    public float* In(int index) => (float*)inputs[index];

    public float* Out(int index = 0) => (float*)outputs[index];
}

/// <summary>Runs one of the library's kernels and gives back its status.</summary>
/// <param name="context">The native context.</param>
/// <param name="at">Where inputs and outputs lie.</param>
internal delegate int CpuKernelBody(nint context, CpuAddresses at);

/// <summary>A call of one of the library's own kernels.</summary>
internal sealed class CpuKernel(CpuRun session, Op op, CpuKernelBody body) : PreparedCall
{
    private CpuAddresses? addresses;

    public override string Implementation => "kernel";

    public override void Bind(IValueAddresses at) => addresses = new CpuAddresses(op, at);

    public override void Run() => NativeStatus.ThrowIfFailed(body(session.Context.Raw, addresses!), op.Kind, CpuLibrary.File, op.Name);
}
