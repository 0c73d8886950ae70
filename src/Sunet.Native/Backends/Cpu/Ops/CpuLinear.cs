using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>
/// The fully connected layer and its gradients as oneDNN's matrix product; everything row-major and float32. What comes in bfloat16 goes
/// through scratch memory.
/// </summary>
internal sealed unsafe class CpuLinear : PreparedCall
{
    private readonly CpuRun run;
    private readonly Op op;
    private readonly CpuPrimitiveHandle primitive;
    private readonly (NativeArgument Argument, Value Value)[] bindings;
    private readonly Value[] narrow;
    private readonly nint[] narrowAt, widenedAt;

    private CpuLinear(CpuRun run, Op op, CpuPrimitiveHandle primitive, params (NativeArgument Argument, Value Value)[] bindings)
    {
        this.run = run;
        this.op = op;
        this.primitive = primitive;
        this.bindings = bindings;
        narrow = [.. bindings.Select(b => b.Value).Where(v => run.Layouts.TensorOf(v).Type == NativeType.BFloat16)];
        narrowAt = new nint[narrow.Length];
        widenedAt = new nint[narrow.Length];
    }

    public override long ScratchBytes => CpuScratch.Align(primitive.ScratchBytes) + narrow.Sum(WidenedBytes);

    public override string Implementation => primitive.Implementation;

    public static PreparedCall? Prepare(CpuRun run, Op op) => op switch
    {
        Linear l => new CpuLinear(run, op, CpuPrimitiveHandle.Matmul(run.Context, l.X.Shape.Batch, l.X.Shape.Channels,
                l.Weights.Shape[0], transposeSource: false, transposeWeights: true, hasBias: true, op.Name),
            (NativeArgument.Source, l.X), (NativeArgument.Weights, l.Weights), (NativeArgument.Bias, l.Bias),
            (NativeArgument.Destination, l.Output)),
        LinearDataGradient d => new CpuLinear(run, op, CpuPrimitiveHandle.Matmul(run.Context, d.Dy.Shape.Batch,
                d.Dy.Shape.Channels, d.Weights.Shape[1], transposeSource: false, transposeWeights: false, hasBias: false, op.Name),
            (NativeArgument.Source, d.Dy), (NativeArgument.Weights, d.Weights), (NativeArgument.Destination, d.Output)),
        LinearWeightGradient w => new CpuLinear(run, op, CpuPrimitiveHandle.Matmul(run.Context, w.Dy.Shape.Channels,
                w.Dy.Shape.Batch, w.X.Shape.Channels, transposeSource: true, transposeWeights: false, hasBias: false, op.Name),
            (NativeArgument.Source, w.Dy), (NativeArgument.Weights, w.X), (NativeArgument.Destination, w.Output)),
        _ => null,
    };

    public override void Bind(IValueAddresses at)
    {
        nint widened = at.Scratch + (nint)CpuScratch.Align(primitive.ScratchBytes);
        for (int i = 0; i < narrow.Length; i++)
        {
            (narrowAt[i], widenedAt[i]) = (at.Of(narrow[i]), widened);
            widened += (nint)WidenedBytes(narrow[i]);
        }

        foreach ((NativeArgument argument, Value value) in bindings)
            primitive.Bind(argument, Array.IndexOf(narrow, value) is var i and >= 0 ? widenedAt[i] : at.Of(value));
        if (primitive.ScratchBytes > 0)
            primitive.Bind(NativeArgument.Scratch, at.Scratch);
    }

    public override void Run()
    {
        for (int i = 0; i < narrow.Length; i++)
        {
            NativeStatus.ThrowIfFailed(SunetCpu.Copy(run.Context.Raw, run.Layouts.TensorOf(narrow[i]), (void*)narrowAt[i],
                CpuFormats.OutsideOf(narrow[i]), (void*)widenedAt[i]), "copy", CpuLibrary.File, op.Name);
        }

        primitive.Execute(op.Name);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            primitive.Dispose();
        base.Dispose(disposing);
    }

    private static long WidenedBytes(Value value) => CpuScratch.Align(value.Shape.Count * sizeof(float));
}
