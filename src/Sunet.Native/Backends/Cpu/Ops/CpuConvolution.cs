using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cpu.Ops;

/// <summary>
/// Convolutions and transposed convolutions, forward and both gradients, as oneDNN primitives. Each primitive may want its weights in a
/// layout, and an element type, of its own; where that is not the settled one, a reorder through scratch memory goes before it, or behind a
/// weight gradient. Weights that are trained stay float32; those that only predict are rounded to bfloat16 once, when they are loaded.
/// </summary>
internal sealed class CpuConvolution : PreparedCall
{
    private readonly Op op;
    private readonly CpuPrimitiveHandle primitive;
    private readonly (NativeArgument Argument, Value Value)[] bindings;
    private readonly Value weights;
    private readonly bool weightsAreWritten;
    private readonly CpuPrimitiveHandle? reorder;
    private readonly long convertedBytes;

    private CpuConvolution(CpuRun session, Op op, CpuPrimitiveHandle primitive, Value weights,
        params (NativeArgument Argument, Value Value)[] bindings)
    {
        this.op = op;
        this.primitive = primitive;
        this.weights = weights;
        this.bindings = bindings;
        weightsAreWritten = op.Outputs.Contains(weights);
        CpuFormatHandle wanted = primitive.Format(NativeArgument.Weights);
        if (session.Layouts.SettledFormat(weights) is not { } settled)
        {
            NativeType type = session.Layouts.TensorOf(op.Inputs[0]).Type;
            if (session.Settings.Purpose == PlanPurpose.Inference || type == NativeType.Float32)
            {
                session.Layouts.Settle(weights, wanted, type);
                return;
            }

            // All directions read copies, so that none gains from the parameters' layout: it is the one that is made fastest from.
            settled = CpuFormatHandle.Create(session.Layouts.CopiedWeights(weights));
            session.Layouts.Settle(weights, settled, NativeType.Float32);
        }

        using (wanted)
        {
            if (wanted.IsSameAs(settled))
                return;
            reorder = weightsAreWritten
                ? CpuPrimitiveHandle.Reorder(session.Context, wanted, settled, op.Name)
                : CpuPrimitiveHandle.Reorder(session.Context, settled, wanted, op.Name);
            convertedBytes = Align(wanted.Bytes);
        }
    }

    public override long ScratchBytes => Align(primitive.ScratchBytes) + Align(reorder?.ScratchBytes ?? 0) + convertedBytes;

    public override string Implementation => reorder is null ? primitive.Implementation : primitive.Implementation + " + reorder";

    public static PreparedCall? Prepare(CpuRun session, Op op) => op switch
    {
        Convolution c when session.Layouts.IsUnmade(c.X) => Normalized(session, c, (BatchNormApply)c.X.Producer!),
        Convolution c => new CpuConvolution(session, op,
            CpuPrimitiveHandle.ConvolutionForward(session.Context, Describe(session, c.Geometry, c.X, c.Weights, c.Output) with
            {
                HasBias = c.HasBias ? 1 : 0,
                FusedRelu = c.FusedRelu ? 1 : 0,
                Accumulate = c.Accumulator is null ? 0 : 1,
            }, op.Name),
            c.Weights, WithBias(c.Bias, (NativeArgument.Source, c.X), (NativeArgument.Destination, c.Output))),
        ConvolutionDataGradient d => new CpuConvolution(session, op,
            CpuPrimitiveHandle.ConvolutionBackwardData(session.Context,
                Describe(session, d.Geometry, d.Output, d.Inputs[1], d.Inputs[0]), op.Name),
            d.Inputs[1], (NativeArgument.Source, d.Output), (NativeArgument.Destination, d.Inputs[0])),
        ConvolutionWeightGradient w when session.Layouts.IsUnmade(w.Inputs[0]) => Normalized(session, w, (BatchNormApply)w.Inputs[0].Producer!),
        ConvolutionWeightGradient w => new CpuConvolution(session, op,
            CpuPrimitiveHandle.ConvolutionBackwardWeights(session.Context, DescribeGradient(session, w, w.Inputs[0]), op.Name),
            w.Output, WithBias(session.BiasGradients.Beside(w),
                (NativeArgument.Source, w.Inputs[0]), (NativeArgument.Destination, w.Inputs[1]))),
        TransposedConvolution t => new CpuConvolution(session, op,
            CpuPrimitiveHandle.DeconvolutionForward(session.Context, Describe(session, t.Geometry, t.X, t.Weights, t.Output) with
            {
                HasBias = t.HasBias ? 1 : 0,
                FusedRelu = t.FusedRelu ? 1 : 0,
            }, op.Name),
            t.Weights, WithBias(t.Bias, (NativeArgument.Source, t.X), (NativeArgument.Destination, t.Output))),
        TransposedConvolutionDataGradient d => new CpuConvolution(session, op,
            CpuPrimitiveHandle.DeconvolutionBackwardData(session.Context,
                Describe(session, d.Geometry, d.Output, d.Inputs[1], d.Inputs[0]), op.Name),
            d.Inputs[1], (NativeArgument.Source, d.Output), (NativeArgument.Destination, d.Inputs[0])),
        TransposedConvolutionWeightGradient w => new CpuConvolution(session, op,
            CpuPrimitiveHandle.DeconvolutionBackwardWeights(session.Context,
                Describe(session, w.Geometry, w.Inputs[0], w.Output, w.Inputs[1]), op.Name),
            w.Output, (NativeArgument.Source, w.Inputs[0]), (NativeArgument.Destination, w.Inputs[1])),
        _ => null,
    };

    public override void Bind(IValueAddresses at)
    {
        foreach ((NativeArgument argument, Value value) in bindings)
            primitive.Bind(argument, at.Of(value));
        if (primitive.ScratchBytes > 0)
            primitive.Bind(NativeArgument.Scratch, at.Scratch);
        nint stored = at.Of(weights);
        if (reorder is null)
        {
            primitive.Bind(NativeArgument.Weights, stored);
            return;
        }

        nint reorderScratch = at.Scratch + (nint)Align(primitive.ScratchBytes);
        nint converted = reorderScratch + (nint)Align(reorder.ScratchBytes);
        primitive.Bind(NativeArgument.Weights, converted);
        reorder.Bind(NativeArgument.Source, weightsAreWritten ? converted : stored);
        reorder.Bind(NativeArgument.Destination, weightsAreWritten ? stored : converted);
        if (reorder.ScratchBytes > 0)
            reorder.Bind(NativeArgument.Scratch, reorderScratch);
    }

    public override void Run()
    {
        if (!weightsAreWritten)
            reorder?.Execute(op.Name);
        primitive.Execute(op.Name);
        if (weightsAreWritten)
            reorder?.Execute(op.Name);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            primitive.Dispose();
            reorder?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>A convolution that applies the batch-norm before it, whose result is never made.</summary>
    private static CpuConvolution Normalized(CpuRun session, Convolution c, BatchNormApply norm) => new(session, c,
        CpuPrimitiveHandle.NormalizedConvolution(session.Context, Describe(session, c.Geometry, norm.X, c.Weights, c.Output) with
        {
            HasBias = c.HasBias ? 1 : 0,
            FusedRelu = c.FusedRelu ? 1 : 0,
            Accumulate = c.Accumulator is null ? 0 : 1,
        }, norm.Epsilon, norm.FusedRelu, c.Name),
        c.Weights, WithBias(c.Bias, WithNorm(norm, c.Output)));

    /// <summary>The gradient of such a convolution's weights, which applies the batch-norm once more.</summary>
    private static CpuConvolution Normalized(CpuRun session, ConvolutionWeightGradient w, BatchNormApply norm) => new(session, w,
        CpuPrimitiveHandle.NormalizedConvolutionBackwardWeights(
            session.Context, DescribeGradient(session, w, norm.X), norm.Epsilon, norm.FusedRelu, w.Name),
        w.Output, WithBias(session.BiasGradients.Beside(w), WithNorm(norm, w.Inputs[1])));

    private static (NativeArgument Argument, Value Value)[] WithNorm(BatchNormApply norm, Value destination) =>
    [
        (NativeArgument.Source, norm.X), (NativeArgument.Destination, destination), (NativeArgument.Mean, norm.Mean),
        (NativeArgument.Variance, norm.Variance), (NativeArgument.Gamma, norm.Gamma), (NativeArgument.Beta, norm.Beta),
    ];

    private static long Align(long bytes) => (bytes + 63) / 64 * 64;

    private static (NativeArgument Argument, Value Value)[] WithBias(Value? bias, params (NativeArgument Argument, Value Value)[] others) =>
        bias is null ? others : [.. others, (NativeArgument.Bias, bias)];

    /// <summary>A gradient of weights, and of the bias where that is found beside it.</summary>
    private static NativeConvolution DescribeGradient(CpuRun session, ConvolutionWeightGradient w, Value source) =>
        Describe(session, w.Geometry, source, w.Output, w.Inputs[1]) with { HasBias = session.BiasGradients.Beside(w) is null ? 0 : 1 };

    private static NativeConvolution Describe(CpuRun session, ConvolutionGeometry geometry, Value source, Value weights, Value destination)
    {
        Shape w = weights.Shape;
        NativeTensor from = session.Layouts.TensorOf(source);
        return new NativeConvolution
        {
            Source = from,
            Weights = new NativeTensor(w[0], w[1], w[2], w[3], NativeLayout.Any)
            {
                // Gradients of parameters are float32 always.
                Type = weights.GradientOf is null ? from.Type : NativeType.Float32,
            },
            Destination = session.Layouts.TensorOf(destination),
            StrideHeight = geometry.Stride.H,
            StrideWidth = geometry.Stride.W,
            DilationHeight = geometry.Dilation.H,
            DilationWidth = geometry.Dilation.W,
            PaddingTop = geometry.PaddingBegin.H,
            PaddingLeft = geometry.PaddingBegin.W,
            PaddingBottom = geometry.PaddingEnd.H,
            PaddingRight = geometry.PaddingEnd.W,
            Inference = session.Settings.Purpose == PlanPurpose.Inference ? 1 : 0,
            Winograd = session.Settings.Winograd ? 1 : 0,
            Float16 = session.Settings.Float16Products ? 1 : 0,
        };
    }
}
