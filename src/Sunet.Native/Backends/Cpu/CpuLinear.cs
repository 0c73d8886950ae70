using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Interop;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu;

/// <summary>The fully connected layer and its gradients as oneDNN's matrix product; everything row-major.</summary>
internal sealed class CpuLinear(Op op, CpuPrimitiveHandle primitive, params (NativeArgument Argument, Value Value)[] bindings) : PreparedCall
{
    public override long ScratchBytes => primitive.ScratchBytes;

    public override string Implementation => primitive.Implementation;

    public static PreparedCall? Prepare(CpuSession session, Op op)
    {
        if (op is not (Linear or LinearDataGradient or LinearWeightGradient))
            return null;
        Value a = op.Inputs[0], b = op.Inputs[1];
        return op switch
        {
            Linear => new CpuLinear(op, CpuPrimitiveHandle.Matmul(session.Context, a.Shape.Batch, a.Shape.Channels, b.Shape[0],
                    transposeSource: false, transposeWeights: true, hasBias: true, op.Name),
                (NativeArgument.Source, a), (NativeArgument.Weights, b), (NativeArgument.Bias, op.Inputs[2]),
                (NativeArgument.Destination, op.Output)),
            LinearDataGradient => new CpuLinear(op, CpuPrimitiveHandle.Matmul(session.Context, a.Shape.Batch, a.Shape.Channels, b.Shape[1],
                    transposeSource: false, transposeWeights: false, hasBias: false, op.Name),
                (NativeArgument.Source, a), (NativeArgument.Weights, b), (NativeArgument.Destination, op.Output)),
            _ => new CpuLinear(op, CpuPrimitiveHandle.Matmul(session.Context, b.Shape.Channels, b.Shape.Batch,
                    a.Shape.Channels, transposeSource: true, transposeWeights: false, hasBias: false, op.Name),
                (NativeArgument.Source, b), (NativeArgument.Weights, a), (NativeArgument.Destination, op.Output)),
        };
    }

    public override void Bind(PlanAddresses at)
    {
        foreach ((NativeArgument argument, Value value) in bindings)
            primitive.Bind(argument, at.Of(value));
        if (primitive.ScratchBytes > 0)
            primitive.Bind(NativeArgument.Scratch, at.Scratch);
    }

    public override void Run() => primitive.Execute(op.Name);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            primitive.Dispose();
        base.Dispose(disposing);
    }
}
