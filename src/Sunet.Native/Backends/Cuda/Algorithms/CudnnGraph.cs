using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Builds one operation graph of cuDNN. It owns every descriptor made on the way; the plans that come of it do not need them, so it is
/// disposed once they are built.
/// </summary>
internal sealed class CudnnGraph(CudnnHandle handle, string layer) : IDisposable
{
    private readonly List<CudnnDescriptor> owned = [];
    private readonly List<CudnnDescriptor> operations = [];
    private readonly List<CudnnBinding> bindings = [];
    private long lastId;

    /// <summary>The tensors that are given memory when the graph runs.</summary>
    public IReadOnlyList<CudnnBinding> Bindings => bindings;

    /// <summary>A tensor in memory. Two may share an operand: what is added onto is read as one tensor and written as another.</summary>
    public CudnnDescriptor Tensor(in TensorLayout layout, int operand)
    {
        bindings.Add(new CudnnBinding(++lastId, operand));
        return Tensor(layout, lastId, isVirtual: false);
    }

    /// <summary>A float32 tensor of the same size that exists only inside the graph.</summary>
    public CudnnDescriptor Virtual(in TensorLayout layout) =>
        Tensor(layout with { IsBf16 = false, PixelStride = layout.C }, ++lastId, isVirtual: true);

    /// <summary>A convolution or one of its gradients; which of the three tensors is written follows from the direction.</summary>
    /// <param name="direction">What is computed.</param>
    /// <param name="geometry">Stride, dilation, padding.</param>
    /// <param name="x">The convolution's input, or its gradient.</param>
    /// <param name="w">The weights, or their gradient.</param>
    /// <param name="y">The convolution's output, or its gradient.</param>
    /// <param name="beta">Times what the written tensor held before, which 0 does not read.</param>
    public void Convolution(ConvolutionDirection direction, in ConvolutionGeometry geometry, CudnnDescriptor x, CudnnDescriptor w,
        CudnnDescriptor y, float beta = 0)
    {
        ConvolutionNames names = ConvolutionNames.Of(direction);
        CudnnDescriptor operation = Create(names.Operation);
        operation.Set(names.Alpha, 1f);
        operation.Set(names.Beta, beta);
        Operation(operation, (names.Convolution, Convolution(geometry)), (names.X, x), (names.W, w), (names.Y, y));
    }

    /// <summary>y = x + b, where b may be one element a channel.</summary>
    public void Add(CudnnDescriptor x, CudnnDescriptor b, CudnnDescriptor y) => Operation(
        Create(CudnnDescriptorType.OperationPointwise),
        (CudnnAttribute.OperationPointwiseDescriptor, Pointwise(CudnnPointwiseMode.Add)), (CudnnAttribute.OperationPointwiseX, x),
        (CudnnAttribute.OperationPointwiseB, b), (CudnnAttribute.OperationPointwiseY, y));

    /// <summary>y = max(0, x).</summary>
    public void Relu(CudnnDescriptor x, CudnnDescriptor y) => Operation(
        Create(CudnnDescriptorType.OperationPointwise),
        (CudnnAttribute.OperationPointwiseDescriptor, Pointwise(CudnnPointwiseMode.ReluForward)), (CudnnAttribute.OperationPointwiseX, x),
        (CudnnAttribute.OperationPointwiseY, y));

    /// <summary>The graph of all operations so far; null, with the reason told, where this cuDNN does not take it.</summary>
    public CudnnDescriptor? Finish(AlgorithmSearch search, string name)
    {
        CudnnDescriptor graph = Create(CudnnDescriptorType.OperationGraph)
            .Set(CudnnAttribute.OperationGraphHandle, handle)
            .Set(CudnnAttribute.OperationGraphOperations, [.. operations]);
        return search.Accepts(name, graph) ? graph : null;
    }

    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--)
            owned[i].Dispose();
        owned.Clear();
    }

    private CudnnDescriptor Tensor(in TensorLayout layout, long id, bool isVirtual)
    {
        long row = (long)layout.W * layout.PixelStride;
        return Create(CudnnDescriptorType.Tensor)
            .Set(CudnnAttribute.TensorDataType, layout.CudnnType)
            .Set(CudnnAttribute.TensorDimensions, layout.N, layout.C, layout.H, layout.W)
            .Set(CudnnAttribute.TensorStrides, layout.H * row, 1, row, layout.PixelStride)
            .Set(CudnnAttribute.TensorUniqueId, id)
            .Set(CudnnAttribute.TensorByteAlignment, TensorLayout.Alignment)
            .Set(CudnnAttribute.TensorIsVirtual, isVirtual)
            .Finalize(layer);
    }

    private CudnnDescriptor Convolution(in ConvolutionGeometry geometry) => Create(CudnnDescriptorType.Convolution)
        .Set(CudnnAttribute.ConvolutionComputeType, CudnnDataType.Float32)
        .Set(CudnnAttribute.ConvolutionMode, CudnnAttributeType.ConvolutionMode, CudnnConvolutionMode.CrossCorrelation)
        .Set(CudnnAttribute.ConvolutionSpatialDimensions, 2)
        .Set(CudnnAttribute.ConvolutionPrePaddings, geometry.PaddingBegin.H, geometry.PaddingBegin.W)
        .Set(CudnnAttribute.ConvolutionPostPaddings, geometry.PaddingEnd.H, geometry.PaddingEnd.W)
        .Set(CudnnAttribute.ConvolutionDilations, geometry.Dilation.H, geometry.Dilation.W)
        .Set(CudnnAttribute.ConvolutionFilterStrides, geometry.Stride.H, geometry.Stride.W)
        .Finalize(layer);

    private CudnnDescriptor Pointwise(CudnnPointwiseMode mode) => Create(CudnnDescriptorType.Pointwise)
        .Set(CudnnAttribute.PointwiseMode, CudnnAttributeType.PointwiseMode, mode)
        .Set(CudnnAttribute.PointwiseMathPrecision, CudnnDataType.Float32)
        .Finalize(layer);

    private CudnnDescriptor Create(CudnnDescriptorType type)
    {
        CudnnDescriptor descriptor = CudnnDescriptor.Create(type);
        owned.Add(descriptor);
        return descriptor;
    }

    private void Operation(CudnnDescriptor operation, params ReadOnlySpan<(CudnnAttribute Name, CudnnDescriptor Descriptor)> parts)
    {
        foreach ((CudnnAttribute name, CudnnDescriptor part) in parts)
            operation.Set(name, part);
        operations.Add(operation.Finalize(layer));
    }

    /// <summary>cuDNN's names for the same things in its three convolution operations.</summary>
    private readonly record struct ConvolutionNames(CudnnDescriptorType Operation, CudnnAttribute Convolution, CudnnAttribute X,
        CudnnAttribute W, CudnnAttribute Y, CudnnAttribute Alpha, CudnnAttribute Beta)
    {
        public static ConvolutionNames Of(ConvolutionDirection direction) => direction switch
        {
            ConvolutionDirection.Forward => new(CudnnDescriptorType.OperationConvolutionForward,
                CudnnAttribute.ConvolutionForwardConvolution, CudnnAttribute.ConvolutionForwardX, CudnnAttribute.ConvolutionForwardW,
                CudnnAttribute.ConvolutionForwardY, CudnnAttribute.ConvolutionForwardAlpha, CudnnAttribute.ConvolutionForwardBeta),
            ConvolutionDirection.Data => new(CudnnDescriptorType.OperationConvolutionBackwardData,
                CudnnAttribute.ConvolutionBackwardDataConvolution, CudnnAttribute.ConvolutionBackwardDataDx,
                CudnnAttribute.ConvolutionBackwardDataW, CudnnAttribute.ConvolutionBackwardDataDy,
                CudnnAttribute.ConvolutionBackwardDataAlpha, CudnnAttribute.ConvolutionBackwardDataBeta),
            _ => new(CudnnDescriptorType.OperationConvolutionBackwardFilter, CudnnAttribute.ConvolutionBackwardFilterConvolution,
                CudnnAttribute.ConvolutionBackwardFilterX, CudnnAttribute.ConvolutionBackwardFilterDw,
                CudnnAttribute.ConvolutionBackwardFilterDy, CudnnAttribute.ConvolutionBackwardFilterAlpha,
                CudnnAttribute.ConvolutionBackwardFilterBeta),
        };
    }
}
