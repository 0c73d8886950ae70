using System.Runtime.InteropServices;
using Sunet.Native.Interop;
using Sunet.Native.Tests.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Every rule of the graph interface is enforced: with a status always, with a violation where the caller is to blame.</summary>
public sealed unsafe class CudnnRuleTests : CudnnTest
{
    private const CudnnDataType F32 = CudnnDataType.Float32;
    private const CudnnDataType Bf16 = CudnnDataType.BFloat16;
    private const int BadParam = (int)CudnnResult.BadParameter;
    private const int NullPointer = 2002;
    private const int Misaligned = 2003;
    private const int NotFinalized = 2004;
    private const int ShapeMismatch = 2008;
    private const int Duplicated = 2009;
    private const int WrongAttributeType = 2010;
    private const int WrongDescriptorType = 2012;
    private static readonly ConvolutionShape Shape = new(1, 8, 6, 6, 4, 3, 1, 1, 1, 1);
    private const int X = 4 * 8 * 36, W = 4 * 4 * 9 * 8, Y = 4 * 4 * 36;

    /// <summary>Attributes set wrongly on a fresh descriptor: status and violation.</summary>
    public static TheoryData<string, int, string> WrongAttributes => new()
    {
        { "no such attribute", BadParam, "has no attribute" },
        { "wrong type", WrongAttributeType, "TENSOR_DIMENSIONS is of type INT64, not INT32" },
        { "too many elements", BadParam, "TENSOR_UNIQUE_ID has 1 to 1 elements, not 2" },
        { "null elements", NullPointer, "the elements of TENSOR_UNIQUE_ID are null" },
        { "computed", BadParam, "ENGINEHEUR_RESULTS cannot be set" },
        { "finalized", (int)CudnnResult.NotInitialized, "finalized already" },
        { "child not finalized", NotFinalized, "the TENSOR descriptor is not finalized" },
        { "child of another type", WrongDescriptorType, "a TENSOR descriptor where a CONVOLUTION one belongs" },
        { "no operation", WrongDescriptorType, "a TENSOR descriptor is no operation" },
        { "destroyed", BadParam, "has been destroyed" },
        { "null descriptor", NullPointer, "the descriptor is null" },
        { "handle of another kind", BadParam, "is a cuDNN descriptor, not a cuDNN handle" },
    };

    /// <summary>Descriptors that cannot be finalized.</summary>
    public static TheoryData<string, int, string> WrongDescriptors => new()
    {
        { "no dimensions", BadParam, "a TENSOR descriptor is finalized without TENSOR_DIMENSIONS" },
        { "strides of another rank", BadParam, "4 dimensions and 3 strides" },
        { "overlapping strides", BadParam, "overlaps itself" },
        { "zero dimension", BadParam, "a dimension or stride below 1" },
        { "alignment", BadParam, "no power of two" },
        { "alignment of half an element", BadParam, "less than an element" },
        { "virtual by value", BadParam, "is virtual and by value" },
        { "data type", BadParam, "99 is no data type" },
        { "one stride for two dimensions", BadParam, "CONVOLUTION_FILTER_STRIDES has 1 elements" },
        { "dilation 0", BadParam, "CONVOLUTION_DILATIONS holds 0" },
        { "output extent", ShapeMismatch, "does not follow from that of x" },
        { "channels", ShapeMismatch, "do not go together" },
        { "one id, two tensors", Duplicated, "two tensors have one unique id" },
        { "written twice", BadParam, "is written twice" },
        { "virtual never read", BadParam, "is not both written and read" },
        { "id twice in a pack", Duplicated, "is twice in the variant pack" },
        { "ids without pointers", BadParam, "2 unique ids and 1 pointers" },
        { "heuristic mode", BadParam, "9 is no heuristic mode" },
    };

    /// <summary>Executions that are refused.</summary>
    public static TheoryData<string, int, string> WrongExecutions => new()
    {
        { "missing pointer", BadParam, "no pointer for the tensor uid 3" },
        { "unknown id", BadParam, "the unique id 9, which the plan does not know" },
        { "null pointer", NullPointer, "the pointer for the tensor uid 1" },
        { "misaligned", Misaligned, "is not aligned to the 16 bytes" },
        { "too short", BadParam, "uid 3" },
        { "host memory", BadParam, "uid 1" },
        { "released", BadParam, "uid 1" },
        { "no workspace", NullPointer, "the plan's workspace" },
        { "short workspace", 2006, "the workspace" },
        { "misaligned workspace", Misaligned, "the workspace is not aligned" },
        { "workspace over a tensor", BadParam, "the workspace overlaps the tensor" },
        { "result over an operand", BadParam, "is written over" },
        { "pack not finalized", NotFinalized, "the VARIANT_PACK descriptor is not finalized" },
        { "plan for a pack", WrongDescriptorType, "a EXECUTION_PLAN descriptor where a VARIANT_PACK one belongs" },
        { "destroyed handle", BadParam, "the cuDNN handle" },
    };

    [Theory]
    [MemberData(nameof(WrongAttributes))]
    public void SetAttribute_Wrongly_IsCaught(string mistake, int status, string text)
    {
        nint tensor = Create(CudnnDescriptorType.Tensor), operation = Create(CudnnDescriptorType.OperationConvolutionForward);
        nint final = Tensor(1, F32, [1, 1, 1, 1]), gone = Create(CudnnDescriptorType.Tensor);
        Good(Libraries.DestroyDescriptor(gone));
        Assert.Equal(status, mistake switch
        {
            "no such attribute" => Set(tensor, CudnnAttribute.PointwiseMode, CudnnAttributeType.PointwiseMode, 0),
            "wrong type" => Set(tensor, CudnnAttribute.TensorDimensions, CudnnAttributeType.Int32, 1, 1, 1, 1),
            "too many elements" => Set(tensor, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 1L, 2L),
            "null elements" => Libraries.SetAttribute(tensor, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 1, null),
            "computed" => Set(Create(CudnnDescriptorType.EngineHeuristic), CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, final),
            "finalized" => Set(final, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 2L),
            "child not finalized" => Set(operation, CudnnAttribute.ConvolutionForwardX, CudnnAttributeType.BackendDescriptor, tensor),
            "child of another type" => Set(operation, CudnnAttribute.ConvolutionForwardConvolution, CudnnAttributeType.BackendDescriptor, final),
            "no operation" => Set(Create(CudnnDescriptorType.OperationGraph), CudnnAttribute.OperationGraphOperations, CudnnAttributeType.BackendDescriptor, final),
            "destroyed" => Set(gone, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 2L),
            "null descriptor" => Set(0, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 2L),
            _ => Set(Create(CudnnDescriptorType.OperationGraph), CudnnAttribute.OperationGraphHandle, CudnnAttributeType.Handle, final),
        });
        Caught(text);
    }

    [Theory]
    [MemberData(nameof(WrongDescriptors))]
    public void Finalize_Wrongly_IsCaught(string mistake, int status, string text)
    {
        Assert.Equal(status, Libraries.FinalizeDescriptor(WrongDescriptor(mistake)));
        Caught(text);
        Assert.Contains(text, LastError(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrongExecutions))]
    public void Execute_Wrongly_IsCaught(string mistake, int status, string text)
    {
        nint x = Device(X), w = Device(W), y = Device(Y), space = Device(1 << 20), gone = Device(X);
        Succeed(Driver.Free(gone));
        nint[] choices = Configurations(Convolution(Shape, 16), ModeA);
        nint plan = Plan(Convolution(Shape, 16)), hungry = Final(PlanDraft(choices[1]));
        Assert.InRange(WorkspaceOf(hungry), 1, 1 << 20);
        float onHost = 0;
        Assert.Equal(status, mistake switch
        {
            "missing pointer" => Execute(plan, 0, (1, x), (2, w)),
            "unknown id" => Execute(plan, 0, (1, x), (2, w), (3, y), (9, y)),
            "null pointer" => Execute(plan, 0, (1, 0), (2, w), (3, y)),
            "misaligned" => Execute(plan, 0, (1, Device(X + 16) + 4), (2, w), (3, y)),
            "too short" => Execute(plan, 0, (1, x), (2, w), (3, Device(Y - 256))),
            "host memory" => Execute(plan, 0, (1, (nint)(&onHost) & ~15), (2, w), (3, y)),
            "released" => Execute(plan, 0, (1, gone), (2, w), (3, y)),
            "no workspace" => Execute(hungry, 0, (1, x), (2, w), (3, y)),
            "short workspace" => Execute(hungry, Device((int)WorkspaceOf(hungry) - 256), (1, x), (2, w), (3, y)),
            "misaligned workspace" => Execute(hungry, space + 8, (1, x), (2, w), (3, y)),
            "workspace over a tensor" => Execute(hungry, space, (1, space), (2, w), (3, y)),
            "result over an operand" => Execute(plan, 0, (1, x), (2, w), (3, x)),
            "pack not finalized" => Libraries.Execute(Handle, plan, PackDraft(0, (1, x), (2, w), (3, y))),
            "plan for a pack" => Libraries.Execute(Handle, plan, plan),
            _ => ExecuteWithoutHandle(plan, Final(PackDraft(0, (1, x), (2, w), (3, y)))),
        });
        Caught(text);
    }

    /// <summary>What no engine does: answered with a status of the 3000s and no violation.</summary>
    [Theory]
    [InlineData("layout", 3004)]
    [InlineData("half", 3003)]
    [InlineData("mixed types", 3003)]
    [InlineData("compute type", 3003)]
    [InlineData("fused filter gradient", 3001)]
    [InlineData("fused odd channels", 3002)]
    [InlineData("norm of given statistics", 3001)]
    [InlineData("fine", 0)]
    public void Heuristics_WithoutAnEngine_SaySoWithoutBlame(string graph, int status)
    {
        Assert.Equal(status, Support(graph switch
        {
            "layout" => PlanarGraph(),
            "half" => Convolution(Shape, 16, (CudnnDataType)2),
            "mixed types" => Graph(Operation(Shape, Tensor(1, Bf16, [1, 8, 6, 6]), Tensor(3, Bf16, [1, 4, 6, 6]))),
            "compute type" => Graph(DoubleOperation()),
            "fused filter gradient" => Fused(CudnnDescriptorType.OperationConvolutionBackwardFilter, Shape, F32),
            "fused odd channels" => Fused(CudnnDescriptorType.OperationConvolutionForward, Shape with { C = 3 }, Bf16),
            "norm of given statistics" => InferenceGraph(),
            _ => Convolution(Shape, 16),
        }));
        Assert.Empty(Emulator.Violations);
    }

    [Fact]
    public void Heuristics_Modes_GiveEnginesOfDifferentCharacter()
    {
        nint graph = Convolution(Shape, 16);
        nint[] best = Configurations(graph, ModeA), fallback = Configurations(graph, Fallback);
        Assert.Equal(best.Select(IndexOf), Configurations(graph, Instant).Select(IndexOf));
        Assert.Equal(4, best.Concat(fallback).Select(IndexOf).Distinct().Count());
        Assert.Equal(3, best.Length);
        Assert.Equal((int)CudnnResult.NotSupported, Libraries.FinalizeDescriptor(PlanDraft(best[0])));
        long[] workspaces = [.. best[1..].Concat(fallback).Select(c => WorkspaceOf(Final(PlanDraft(c))))];
        Assert.Equal(0, workspaces[2]);
        Assert.True(workspaces[0] < workspaces[1]);
        Assert.Equal([5, 6], NotesOf(best[2]));
        Assert.Equal(4, Values<long>(graph, CudnnAttribute.OperationGraphEngineGlobalCount, CudnnAttributeType.Int64)[0]);
        Assert.Empty(Emulator.Violations);
    }

    [Fact]
    public void Results_WithLessRoom_TellHowManyThereAre()
    {
        nint heuristic = Final(HeuristicDraft(Convolution(Shape, 16), ModeA)), one = Create(CudnnDescriptorType.EngineConfig);
        Good(Libraries.GetAttribute(
            heuristic, CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, 1, out long count, &one));
        Assert.Equal(3, count);
        Assert.Equal(BadParam, Libraries.GetAttribute(
            heuristic, CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, 1, out _, &one));
        Caught("finalized already");
        nint wrong = Create(CudnnDescriptorType.Engine);
        Assert.Equal(WrongDescriptorType, Libraries.GetAttribute(
            heuristic, CudnnAttribute.EngineHeuristicResults, CudnnAttributeType.BackendDescriptor, 1, out _, &wrong));
        Caught("a ENGINE descriptor to be filled");
        Assert.Equal(NotFinalized, Libraries.GetAttribute(
            wrong, CudnnAttribute.EngineGlobalIndex, CudnnAttributeType.Int64, 0, out _, null));
        Caught("of a descriptor that is not finalized");
    }

    [Fact]
    public void Descriptors_DestroyedAfterUse_AreNotMissedByThePlan()
    {
        nint tensor = Tensor(1, F32, [1, 8, 6, 6]);
        nint plan = Plan(Graph(Operation(Shape, tensor, Tensor(3, F32, [1, 4, 6, 6]))));
        Good(Libraries.DestroyDescriptor(tensor));
        Good(Execute(plan, 0, (1, Device<float>(new float[X / 4])), (2, Device<float>(new float[W / 4])), (3, Device(Y))));
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal(BadParam, Libraries.DestroyDescriptor(tensor));
        Caught("has been destroyed");
    }

    [Fact]
    public void Captured_Plan_RunsAtEveryLaunch()
    {
        nint y = Device(Y), plan = Plan(Convolution(Shape, 16));
        nint pack = Final(PackDraft(0, (1, Device<float>(new float[X / 4])), (2, Device<float>(new float[W / 4])), (3, y)));
        Succeed(Driver.BeginCapture(Stream, 0));
        Good(Libraries.Execute(Handle, plan, pack));
        Succeed(Driver.EndCapture(Stream, out nint graph), Driver.Instantiate(out nint executable, graph, 0));
        Good(Libraries.DestroyDescriptor(pack));
        Assert.Equal(0, Emulator.CudnnRuns(-1));
        for (int launch = 1; launch <= 2; launch++)
        {
            Succeed(Driver.GraphLaunch(executable, Stream), Driver.StreamSynchronize(Stream));
            Assert.Equal(launch, Emulator.CudnnRuns(0));
        }

        Assert.Equal(new float[Y / 4], Peek<float>(y, Y / 4));
    }

    [Fact]
    public void Handles_StreamsVersionsAndTexts_AreAsTheLibraryAnswersThem()
    {
        Good(Libraries.CudnnGetStream(Handle, out nint stream));
        Assert.Equal(Stream, stream);
        Assert.Equal(BadParam, Libraries.CudnnSetStream(Handle, 0));
        Caught("stream");
        Assert.Equal(91900u, Libraries.CudnnGetVersion());
        Good(Libraries.CudnnGraphVersionCheck());
        Assert.Equal("CUDNN_STATUS_NOT_SUPPORTED_LAYOUT", Marshal.PtrToStringUTF8(Libraries.CudnnGetErrorString(3004)));
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.CudnnHandles));
        Create(CudnnDescriptorType.Tensor);
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.CudnnDescriptors));
        Good(Libraries.CudnnDestroy(Handle));
        Assert.Equal(BadParam, Libraries.CudnnDestroy(Handle));
        Caught("has been destroyed");
    }

    [Fact]
    public void FailCall_OnEveryCall_IsAnErrorOfCudnn()
    {
        nint draft = Draft(1, F32, [1, 1, 1, 1]);
        Emulator.FailCall(1, 1);
        Assert.Equal(4003, Libraries.CudnnCreate(out _));
        Assert.Equal(4003, Libraries.CreateDescriptor(CudnnDescriptorType.Tensor, out _));
        Assert.Equal(4000, Libraries.FinalizeDescriptor(draft));
        Assert.Equal(5000, Libraries.Execute(Handle, 0, 0));
        Good(Libraries.DestroyDescriptor(draft));
    }

    private int ExecuteWithoutHandle(nint plan, nint pack)
    {
        Good(Libraries.CudnnDestroy(Handle));
        return Libraries.Execute(Handle, plan, pack);
    }

    private static nint Operation(ConvolutionShape s, nint x, nint y, CudnnDataType w = F32, int alignment = 0) =>
        Final(ConvolutionDraft(CudnnDescriptorType.OperationConvolutionForward, s, x, Tensor(2, w, [s.K, s.C, s.R, s.R], alignment: alignment), y));

    private nint Convolution(ConvolutionShape s, int alignment, CudnnDataType type = F32) =>
        Graph(Operation(
            s, Tensor(1, type, [s.N, s.C, s.H, s.W], alignment: alignment), Tensor(3, type, [s.N, s.K, s.P, s.Q], alignment: alignment), type, alignment));

    private static nint Strided(params ReadOnlySpan<long> strides)
    {
        nint draft = Draft(1, F32, [1, 8, 6, 6]);
        Integers(draft, CudnnAttribute.TensorStrides, strides);
        return draft;
    }

    private nint PlanarGraph() => Graph(Operation(Shape, Final(Strided(288, 36, 6, 1)), Tensor(3, F32, [1, 4, 6, 6])));

    private static nint DoubleOperation()
    {
        nint operation = ConvolutionDraft(
            CudnnDescriptorType.OperationConvolutionForward, Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(2, F32, [4, 8, 3, 3]),
            Tensor(3, F32, [1, 4, 6, 6]));
        nint window = Create(CudnnDescriptorType.Convolution);
        Number(window, CudnnAttribute.ConvolutionComputeType, CudnnAttributeType.DataType, 1);
        Number(window, CudnnAttribute.ConvolutionMode, CudnnAttributeType.ConvolutionMode, 1);
        Integers(window, CudnnAttribute.ConvolutionSpatialDimensions, 2);
        foreach (CudnnAttribute name in new[] {
            CudnnAttribute.ConvolutionDilations, CudnnAttribute.ConvolutionFilterStrides, CudnnAttribute.ConvolutionPrePaddings,
            CudnnAttribute.ConvolutionPostPaddings })
            Integers(window, name, 1, 1);
        Child(operation, CudnnAttribute.ConvolutionForwardConvolution, Final(window));
        return Final(operation);
    }

    private nint Fused(CudnnDescriptorType kind, ConvolutionShape s, CudnnDataType type)
    {
        bool filter = kind == CudnnDescriptorType.OperationConvolutionBackwardFilter;
        int[] x = [s.N, s.C, s.H, s.W], w = [s.K, s.C, s.R, s.R], y = [s.N, s.K, s.P, s.Q];
        nint between = Tensor(10, F32, filter ? w : y, isVirtual: true);
        nint operation = Final(ConvolutionDraft(
            kind, s, Tensor(1, type, x, alignment: 16), filter ? between : Tensor(2, type, w, alignment: 16), filter ? Tensor(3, type, y, alignment: 16) : between));
        return Graph(operation, Relu(between, Tensor(4, type, filter ? w : y, alignment: 16)));
    }

    private nint InferenceGraph()
    {
        nint operation = Create(CudnnDescriptorType.OperationNormForward);
        long vector = 3;
        Number(operation, CudnnAttribute.NormForwardMode, CudnnAttributeType.NormMode, 2);
        Number(operation, CudnnAttribute.NormForwardPhase, CudnnAttributeType.NormPhase, 0);
        Child(operation, CudnnAttribute.NormForwardX, Tensor(1, F32, [1, 8, 6, 6]));
        Child(operation, CudnnAttribute.NormForwardY, Tensor(2, F32, [1, 8, 6, 6]));
        foreach (CudnnAttribute name in new[] {
            CudnnAttribute.NormForwardMean, CudnnAttribute.NormForwardInverseVariance, CudnnAttribute.NormForwardScale, CudnnAttribute.NormForwardBias })
            Child(operation, name, Tensor(vector++, F32, [1, 8, 1, 1]));
        return Graph(Final(operation));
    }

    private nint WrongDescriptor(string mistake)
    {
        switch (mistake)
        {
            case "no dimensions":
                return Create(CudnnDescriptorType.Tensor);
            case "strides of another rank":
                return Strided(1, 1, 1);
            case "overlapping strides":
                return Strided(288, 1, 48, 7);
            case "zero dimension":
                return Draft(1, F32, [1, 0, 6, 6], 8);
            case "alignment":
                return Draft(1, F32, [1, 8, 6, 6], alignment: 12);
            case "alignment of half an element":
                return Draft(1, F32, [1, 8, 6, 6], alignment: 2);
            case "virtual by value":
                return Draft(1, F32, [1, 1, 1, 1], isVirtual: true, byValue: true);
            case "data type":
                return Draft(1, (CudnnDataType)99, [1, 8, 6, 6]);
            case "one stride for two dimensions":
                return WindowDraft(1, [1]);
            case "dilation 0":
                return WindowDraft(0, [1, 1]);
            case "output extent":
                return ConvolutionDraft(
                    CudnnDescriptorType.OperationConvolutionForward, Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(2, F32, [4, 8, 3, 3]),
                    Tensor(3, F32, [1, 4, 5, 6]));
            case "channels":
                return ConvolutionDraft(
                    CudnnDescriptorType.OperationConvolutionForward, Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(2, F32, [4, 7, 3, 3]),
                    Tensor(3, F32, [1, 4, 6, 6]));
            case "one id, two tensors":
                return GraphDraft(Operation(Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(1, F32, [1, 4, 6, 6])));
            case "written twice":
                nint x = Tensor(1, F32, [1, 8, 6, 6]), y = Tensor(3, F32, [1, 4, 6, 6]);
                return GraphDraft(Operation(Shape, x, y), Operation(Shape, x, y));
            case "virtual never read":
                return GraphDraft(Operation(Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(3, F32, [1, 4, 6, 6], isVirtual: true)));
            case "id twice in a pack":
                return PackDraft(0, (1, 16), (1, 16));
            case "ids without pointers":
                nint pack = PackDraft(0, (1, 16));
                Integers(pack, CudnnAttribute.VariantPackUniqueIds, 1, 2);
                return pack;
            default:
                return HeuristicDraft(Convolution(Shape, 16), 9);
        }
    }

    private static nint WindowDraft(long dilation, ReadOnlySpan<long> strides)
    {
        nint window = Create(CudnnDescriptorType.Convolution);
        Number(window, CudnnAttribute.ConvolutionComputeType, CudnnAttributeType.DataType, 0);
        Number(window, CudnnAttribute.ConvolutionMode, CudnnAttributeType.ConvolutionMode, 1);
        Integers(window, CudnnAttribute.ConvolutionSpatialDimensions, 2);
        Integers(window, CudnnAttribute.ConvolutionDilations, dilation, dilation);
        Integers(window, CudnnAttribute.ConvolutionFilterStrides, strides);
        Integers(window, CudnnAttribute.ConvolutionPrePaddings, 1, 1);
        Integers(window, CudnnAttribute.ConvolutionPostPaddings, 1, 1);
        return window;
    }
}
