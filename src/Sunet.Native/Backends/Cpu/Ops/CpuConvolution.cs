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

    private CpuConvolution(CpuRun run, Op op, ConvolutionRoles roles, CpuPrimitiveHandle primitive,
        (NativeArgument Argument, Value Value)[] bindings)
    {
        this.op = op;
        this.primitive = primitive;
        this.bindings = bindings;
        weights = roles.Weights;
        weightsAreWritten = roles.Direction == ConvolutionDirection.Weights;
        CpuFormatHandle wanted = primitive.Format(NativeArgument.Weights);
        if (run.Layouts.SettledFormat(weights) is not { } settled)
        {
            NativeType type = run.Layouts.TensorOf(roles.Operand).Type;
            if (run.Settings.Purpose == PlanPurpose.Inference || type == NativeType.Float32)
            {
                run.Layouts.Settle(weights, wanted, type);
                return;
            }

            // All directions read copies, so that none gains from the parameters' layout: it is the one that is made fastest from.
            settled = CpuFormatHandle.Create(run.Layouts.CopiedWeights(weights));
            run.Layouts.Settle(weights, settled, NativeType.Float32);
        }

        using (wanted)
        {
            if (wanted.IsSameAs(settled))
                return;
            reorder = weightsAreWritten
                ? CpuPrimitiveHandle.Reorder(run.Context, wanted, settled, op.Name)
                : CpuPrimitiveHandle.Reorder(run.Context, settled, wanted, op.Name);
            convertedBytes = CpuScratch.Align(wanted.Bytes);
        }
    }

    public override long ScratchBytes =>
        CpuScratch.Align(primitive.ScratchBytes) + CpuScratch.Align(reorder?.ScratchBytes ?? 0) + convertedBytes;

    public override string Implementation => reorder is null ? primitive.Implementation : primitive.Implementation + " + reorder";

    public static PreparedCall? Prepare(CpuRun run, Op op)
    {
        if (ConvolutionRoles.Of(op) is not { } roles)
            return null;

        // Where the batch-norm before the layer is left to it, the layer reads what the batch-norm would have read.
        BatchNormApply? norm = run.Layouts.IsUnmade(roles.LayerInput) ? (BatchNormApply)roles.LayerInput.Producer! : null;
        Value source = norm?.X ?? roles.LayerInput;
        Value? bias = op is ConvolutionWeightGradient w ? run.BiasGradients.Beside(w) : roles.Bias;
        NativeConvolution description = Describe(run, roles, source) with { HasBias = bias is null ? 0 : 1 };
        var bindings = new List<(NativeArgument, Value)>
        {
            (NativeArgument.Source, source), (NativeArgument.Destination, roles.LayerOutput),
        };
        if (norm is not null)
        {
            bindings.AddRange([(NativeArgument.Mean, norm.Mean), (NativeArgument.Variance, norm.Variance),
                (NativeArgument.Gamma, norm.Gamma), (NativeArgument.Beta, norm.Beta)]);
        }

        if (bias is not null)
            bindings.Add((NativeArgument.Bias, bias));
        CpuPrimitiveHandle primitive = norm is null
            ? CreatePrimitive(run.Context, roles, description, op.Name)
            : CreateNormalized(run.Context, roles.Direction, description, norm, op.Name);
        return new CpuConvolution(run, op, roles, primitive, [.. bindings]);
    }

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

        nint reorderScratch = at.Scratch + (nint)CpuScratch.Align(primitive.ScratchBytes);
        nint converted = reorderScratch + (nint)CpuScratch.Align(reorder.ScratchBytes);
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

    private static CpuPrimitiveHandle CreatePrimitive(
        CpuContextHandle context, ConvolutionRoles roles, in NativeConvolution description, string layer) =>
        (roles.IsTransposed, roles.Direction) switch
        {
            (false, ConvolutionDirection.Forward) => CpuPrimitiveHandle.ConvolutionForward(context, description, layer),
            (false, ConvolutionDirection.Data) => CpuPrimitiveHandle.ConvolutionBackwardData(context, description, layer),
            (false, _) => CpuPrimitiveHandle.ConvolutionBackwardWeights(context, description, layer),
            (true, ConvolutionDirection.Data) => CpuPrimitiveHandle.DeconvolutionForward(context, description, layer),
            (true, ConvolutionDirection.Forward) => CpuPrimitiveHandle.DeconvolutionBackwardData(context, description, layer),
            (true, _) => CpuPrimitiveHandle.DeconvolutionBackwardWeights(context, description, layer),
        };

    /// <summary>A convolution, or the gradient of its weights, that applies the batch-norm before it, whose result is never made.</summary>
    private static CpuPrimitiveHandle CreateNormalized(
        CpuContextHandle context, ConvolutionDirection direction, in NativeConvolution description, BatchNormApply norm, string layer) =>
        direction == ConvolutionDirection.Forward
            ? CpuPrimitiveHandle.NormalizedConvolution(context, description, norm.Epsilon, norm.FusedRelu, layer)
            : CpuPrimitiveHandle.NormalizedConvolutionBackwardWeights(context, description, norm.Epsilon, norm.FusedRelu, layer);

    /// <summary>
    /// A layer as the library sees it, which has primitives for transposed convolutions: from the layer's input to its output.
    /// </summary>
    private static NativeConvolution Describe(CpuRun run, ConvolutionRoles roles, Value source)
    {
        Shape w = roles.Weights.Shape;
        ConvolutionGeometry geometry = roles.Geometry;
        NativeTensor from = run.Layouts.TensorOf(source);
        return new NativeConvolution
        {
            Source = from,
            Weights = new NativeTensor(w[0], w[1], w[2], w[3], NativeLayout.Any)
            {
                // Gradients of parameters are float32 always.
                Type = roles.Weights.GradientOf is null ? from.Type : NativeType.Float32,
            },
            Destination = run.Layouts.TensorOf(roles.LayerOutput),
            StrideHeight = geometry.Stride.H,
            StrideWidth = geometry.Stride.W,
            DilationHeight = geometry.Dilation.H,
            DilationWidth = geometry.Dilation.W,
            PaddingTop = geometry.PaddingBegin.H,
            PaddingLeft = geometry.PaddingBegin.W,
            PaddingBottom = geometry.PaddingEnd.H,
            PaddingRight = geometry.PaddingEnd.W,
            FusedRelu = roles.FusedRelu ? 1 : 0,
            Accumulate = roles.Accumulator is null ? 0 : 1,
            Inference = run.Settings.Purpose == PlanPurpose.Inference ? 1 : 0,
            Winograd = run.Settings.Winograd ? 1 : 0,
            Float16 = run.Settings.Float16Products ? 1 : 0,
        };
    }
}
