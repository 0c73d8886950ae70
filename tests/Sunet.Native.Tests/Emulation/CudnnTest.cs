using System.Runtime.InteropServices;

namespace Sunet.Native.Tests.Emulation;

/// <summary>A test of the emulated graph interface: builds tensors, operations, graphs and plans, right ones and wrong ones.</summary>
public abstract unsafe class CudnnTest : DriverTest
{
    protected const int Instant = 0;
    protected const int Fallback = 2;
    protected const int ModeA = 3;

    /// <summary>A convolution of no particular interest.</summary>
    protected static readonly ConvolutionShape Shape = new(1, 8, 6, 6, 4, 3, 1, 1, 1, 1);

    protected CudnnTest()
    {
        Good(Libraries.CudnnCreate(out nint handle));
        Good(Libraries.CudnnSetStream(handle, Stream));
        Handle = handle;
    }

    protected nint Handle { get; }

    protected static void Good(int status) => Assert.True(status == 0, $"cuDNN answered {status}: {LastError()}");

    protected static string LastError()
    {
        byte* text = stackalloc byte[1024];
        text[0] = 0;
        Libraries.CudnnGetLastErrorString(text, 1024);
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    private protected static nint Create(CudnnDescriptorType type)
    {
        Good(Libraries.CreateDescriptor(type, out nint descriptor));
        return descriptor;
    }

    private protected static int Set<T>(nint descriptor, CudnnAttribute name, CudnnAttributeType type, params ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        fixed (T* first = elements)
            return Libraries.SetAttribute(descriptor, name, type, elements.Length, first);
    }

    private protected static void Integers(nint descriptor, CudnnAttribute name, params ReadOnlySpan<long> values) =>
        Good(Set(descriptor, name, CudnnAttributeType.Int64, values));

    private protected static void Number(nint descriptor, CudnnAttribute name, CudnnAttributeType type, int value) =>
        Good(Set(descriptor, name, type, value));

    private protected static void Child(nint descriptor, CudnnAttribute name, params ReadOnlySpan<nint> children) =>
        Good(Set(descriptor, name, CudnnAttributeType.BackendDescriptor, children));

    private protected static nint Final(nint descriptor)
    {
        Good(Libraries.FinalizeDescriptor(descriptor));
        return descriptor;
    }

    /// <summary>A tensor that is not finalized yet: NHWC with this distance between pixels, or packed.</summary>
    private protected static nint Draft(
        long id, CudnnDataType type, ReadOnlySpan<int> dims, int pixel = 0, bool isVirtual = false, bool byValue = false, int alignment = 0)
    {
        nint tensor = Create(CudnnDescriptorType.Tensor);
        long[] extents = [.. dims.ToArray().Select(d => (long)d)];
        long step = pixel == 0 ? extents[1] : pixel;
        Integers(tensor, CudnnAttribute.TensorDimensions, extents);
        Integers(tensor, CudnnAttribute.TensorStrides, extents[2] * extents[3] * step, 1, extents[3] * step, step);
        Integers(tensor, CudnnAttribute.TensorUniqueId, id);
        Integers(tensor, CudnnAttribute.TensorByteAlignment, alignment > 0 ? alignment : type == CudnnDataType.Float32 ? 4 : 2);
        Number(tensor, CudnnAttribute.TensorDataType, CudnnAttributeType.DataType, (int)type);
        Good(Set(tensor, CudnnAttribute.TensorIsVirtual, CudnnAttributeType.Boolean, isVirtual));
        Good(Set(tensor, CudnnAttribute.TensorIsByValue, CudnnAttributeType.Boolean, byValue));
        return tensor;
    }

    private protected static nint Tensor(
        long id, CudnnDataType type, ReadOnlySpan<int> dims, int pixel = 0, bool isVirtual = false, bool byValue = false,
        int alignment = 0) =>
        Final(Draft(id, type, dims, pixel, isVirtual, byValue, alignment));

    private protected static nint Window(ConvolutionShape shape)
    {
        nint descriptor = Create(CudnnDescriptorType.Convolution);
        Number(descriptor, CudnnAttribute.ConvolutionComputeType, CudnnAttributeType.DataType, (int)CudnnDataType.Float32);
        Number(descriptor, CudnnAttribute.ConvolutionMode, CudnnAttributeType.ConvolutionMode, 1);
        Integers(descriptor, CudnnAttribute.ConvolutionSpatialDimensions, 2);
        Integers(descriptor, CudnnAttribute.ConvolutionDilations, shape.Dilation, shape.Dilation);
        Integers(descriptor, CudnnAttribute.ConvolutionFilterStrides, shape.Stride, shape.Stride);
        Integers(descriptor, CudnnAttribute.ConvolutionPrePaddings, shape.Pre, shape.Pre);
        Integers(descriptor, CudnnAttribute.ConvolutionPostPaddings, shape.Post, shape.Post);
        return Final(descriptor);
    }

    /// <summary>A convolution of one of the three kinds over tensors x (the larger image), w and y, not finalized.</summary>
    private protected static nint ConvolutionDraft(
        CudnnDescriptorType kind, ConvolutionShape shape, nint x, nint w, nint y, float alpha = 1, float beta = 0)
    {
        int first = kind switch
        {
            CudnnDescriptorType.OperationConvolutionForward => (int)CudnnAttribute.ConvolutionForwardAlpha,
            CudnnDescriptorType.OperationConvolutionBackwardData => (int)CudnnAttribute.ConvolutionBackwardDataAlpha,
            _ => (int)CudnnAttribute.ConvolutionBackwardFilterAlpha,
        };
        // The three kinds' attributes lie in one order: alpha, beta, convolution, w, x, y.
        nint operation = Create(kind);
        Good(Set(operation, (CudnnAttribute)first, CudnnAttributeType.Float, alpha));
        Good(Set(operation, (CudnnAttribute)(first + 1), CudnnAttributeType.Float, beta));
        Child(operation, (CudnnAttribute)(first + 2), Window(shape));
        Child(operation, (CudnnAttribute)(first + 4), x);
        Child(operation, (CudnnAttribute)(first + 3), w);
        Child(operation, (CudnnAttribute)(first + 5), y);
        return operation;
    }

    private protected static nint Pointwise(CudnnPointwiseMode mode, params ReadOnlySpan<(CudnnAttribute Name, nint Tensor)> tensors)
    {
        nint what = Create(CudnnDescriptorType.Pointwise);
        Number(what, CudnnAttribute.PointwiseMode, CudnnAttributeType.PointwiseMode, (int)mode);
        Number(what, CudnnAttribute.PointwiseMathPrecision, CudnnAttributeType.DataType, (int)CudnnDataType.Float32);
        nint operation = Create(CudnnDescriptorType.OperationPointwise);
        Child(operation, CudnnAttribute.OperationPointwiseDescriptor, Final(what));
        foreach ((CudnnAttribute name, nint tensor) in tensors)
            Child(operation, name, tensor);
        return Final(operation);
    }

    private protected static nint Add(nint x, nint b, nint y) =>
        Pointwise(CudnnPointwiseMode.Add, (CudnnAttribute.OperationPointwiseX, x), (CudnnAttribute.OperationPointwiseB, b),
            (CudnnAttribute.OperationPointwiseY, y));

    private protected static nint Relu(nint x, nint y) =>
        Pointwise(CudnnPointwiseMode.ReluForward, (CudnnAttribute.OperationPointwiseX, x), (CudnnAttribute.OperationPointwiseY, y));

    private protected nint GraphDraft(params ReadOnlySpan<nint> operations)
    {
        nint graph = Create(CudnnDescriptorType.OperationGraph);
        Good(Set(graph, CudnnAttribute.OperationGraphHandle, CudnnAttributeType.Handle, Handle));
        Child(graph, CudnnAttribute.OperationGraphOperations, operations);
        return graph;
    }

    private protected nint Graph(params ReadOnlySpan<nint> operations) => Final(GraphDraft(operations));

    private protected static nint ForwardOperation(ConvolutionShape s, nint x, nint y, CudnnDataType w = CudnnDataType.Float32,
        int alignment = 0) =>
        Final(ConvolutionDraft(CudnnDescriptorType.OperationConvolutionForward, s, x,
            Tensor(2, w, [s.K, s.C, s.R, s.R], alignment: alignment), y));

    private protected nint Convolution(ConvolutionShape s, int alignment, CudnnDataType type = CudnnDataType.Float32) =>
        Graph(ForwardOperation(
            s, Tensor(1, type, [s.N, s.C, s.H, s.W], alignment: alignment), Tensor(3, type, [s.N, s.K, s.P, s.Q], alignment: alignment),
            type, alignment));

    private protected static nint Strided(params ReadOnlySpan<long> strides)
    {
        nint draft = Draft(1, CudnnDataType.Float32, [1, 8, 6, 6]);
        Integers(draft, CudnnAttribute.TensorStrides, strides);
        return draft;
    }

    private protected static nint HeuristicDraft(nint graph, int mode)
    {
        nint heuristic = Create(CudnnDescriptorType.EngineHeuristic);
        Child(heuristic, CudnnAttribute.EngineHeuristicOperationGraph, graph);
        Number(heuristic, CudnnAttribute.EngineHeuristicMode, CudnnAttributeType.HeuristicMode, mode);
        return heuristic;
    }

    /// <summary>The status with which cuDNN says that it has no engine for a graph, or success.</summary>
    private protected static int Support(nint graph) => Libraries.FinalizeDescriptor(HeuristicDraft(graph, ModeA));

    private protected static nint[] Configurations(nint graph, int mode)
    {
        nint heuristic = Final(HeuristicDraft(graph, mode));
        Good(Libraries.GetAttribute(
            heuristic, CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, 0, out long count, null));
        nint[] found = [.. Enumerable.Range(0, (int)count).Select(_ => Create(CudnnDescriptorType.EngineConfig))];
        fixed (nint* first = found)
            Good(Libraries.GetAttribute(
                heuristic, CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, count, out count, first));
        Assert.Equal(found.Length, count);
        return found;
    }

    private protected static nint EngineOf(nint configuration)
    {
        nint engine = Create(CudnnDescriptorType.Engine);
        Good(Libraries.GetAttribute(
            configuration, CudnnAttribute.EngineConfigEngine, CudnnAttributeType.BackendDescriptor, 1, out _, &engine));
        return engine;
    }

    private protected static T[] Values<T>(nint descriptor, CudnnAttribute name, CudnnAttributeType type)
        where T : unmanaged
    {
        Good(Libraries.GetAttribute(descriptor, name, type, 0, out long count, null));
        T[] values = new T[count];
        fixed (T* first = values)
            Good(Libraries.GetAttribute(descriptor, name, type, count, out _, first));
        return values;
    }

    private protected static long IndexOf(nint configuration) =>
        Values<long>(EngineOf(configuration), CudnnAttribute.EngineGlobalIndex, CudnnAttributeType.Int64)[0];

    private protected static int[] NotesOf(nint configuration) =>
        Values<int>(EngineOf(configuration), CudnnAttribute.EngineNumericalNote, CudnnAttributeType.NumericalNote);

    private protected nint PlanDraft(nint configuration)
    {
        nint plan = Create(CudnnDescriptorType.ExecutionPlan);
        Good(Set(plan, CudnnAttribute.ExecutionPlanHandle, CudnnAttributeType.Handle, Handle));
        Child(plan, CudnnAttribute.ExecutionPlanEngineConfig, configuration);
        return plan;
    }

    /// <summary>A plan with the configuration of the fallback mode, which needs no workspace and rounds nothing.</summary>
    private protected nint Plan(nint graph) => Final(PlanDraft(Configurations(graph, Fallback)[0]));

    private protected static long WorkspaceOf(nint plan) =>
        Values<long>(plan, CudnnAttribute.ExecutionPlanWorkspaceSize, CudnnAttributeType.Int64)[0];

    private protected static nint PackDraft(nint workspace, params ReadOnlySpan<(long Id, nint Address)> pointers)
    {
        nint pack = Create(CudnnDescriptorType.VariantPack);
        Integers(pack, CudnnAttribute.VariantPackUniqueIds, [.. pointers.ToArray().Select(p => p.Id)]);
        nint[] addresses = [.. pointers.ToArray().Select(p => p.Address)];
        Good(Set<nint>(pack, CudnnAttribute.VariantPackDataPointers, CudnnAttributeType.VoidPointer, addresses));
        Good(Set(pack, CudnnAttribute.VariantPackWorkspace, CudnnAttributeType.VoidPointer, workspace));
        return pack;
    }

    private protected int Execute(nint plan, nint workspace, params ReadOnlySpan<(long Id, nint Address)> pointers) =>
        Libraries.Execute(Handle, plan, Final(PackDraft(workspace, pointers)));

    /// <summary>Runs a graph with a configuration and the workspace its plan asks for.</summary>
    private protected void Run(nint configuration, params ReadOnlySpan<(long Id, nint Address)> pointers)
    {
        nint plan = Final(PlanDraft(configuration));
        long workspace = WorkspaceOf(plan);
        Good(Execute(plan, workspace == 0 ? 0 : Device((int)workspace), pointers));
    }
}

/// <summary>The extents of a convolution; post is the padding behind.</summary>
public readonly record struct ConvolutionShape(int N, int C, int H, int W, int K, int R, int Stride, int Dilation, int Pre, int Post)
{
    public int P => (H + Pre + Post - (Dilation * (R - 1)) - 1) / Stride + 1;

    public int Q => (W + Pre + Post - (Dilation * (R - 1)) - 1) / Stride + 1;
}
