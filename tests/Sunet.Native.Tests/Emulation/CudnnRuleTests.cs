using System.Runtime.InteropServices;
using Sunet.Native.Tests.Backends.Cuda;

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
        { "handle of another kind", BadParam, "is of kind cuDNN descriptor, not cuDNN handle" },
    };

    /// <summary>Descriptors that cannot be finalized.</summary>
    public static TheoryData<string, int, string> WrongDescriptors => new()
    {
        { "nothing set", BadParam, "a TENSOR descriptor is finalized without TENSOR_BYTE_ALIGNMENT" },
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
        { "too short", BadParam, "past the end of the allocation" },
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
            "computed" => Set(Create(CudnnDescriptorType.EngineHeuristic), CudnnAttribute.EngineHeuristicResults,
                CudnnAttributeType.BackendDescriptor, final),
            "finalized" => Set(final, CudnnAttribute.TensorUniqueId, CudnnAttributeType.Int64, 2L),
            "child not finalized" => Set(operation, CudnnAttribute.ConvolutionForwardX, CudnnAttributeType.BackendDescriptor, tensor),
            "child of another type" => Set(operation, CudnnAttribute.ConvolutionForwardConvolution, CudnnAttributeType.BackendDescriptor,
                final),
            "no operation" => Set(Create(CudnnDescriptorType.OperationGraph), CudnnAttribute.OperationGraphOperations,
                CudnnAttributeType.BackendDescriptor, final),
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
        nint plan = Plan(Graph(ForwardOperation(Shape, tensor, Tensor(3, F32, [1, 4, 6, 6]))));
        Good(Libraries.DestroyDescriptor(tensor));
        Good(Execute(plan, 0, (1, Device<float>(new float[X / 4])), (2, Device<float>(new float[W / 4])), (3, Device(Y))));
        Succeed(Driver.StreamSynchronize(Stream));
        Assert.Equal(BadParam, Libraries.DestroyDescriptor(tensor));
        Caught("has been destroyed");
    }

    [Fact]
    public void Plan_WithoutAContext_CannotBeFinalized()
    {
        nint draft = PlanDraft(Configurations(Convolution(Shape, 16), Fallback)[0]);
        Succeed(Driver.ContextPop(out nint context));
        Assert.Equal(5001, Libraries.FinalizeDescriptor(draft));
        Succeed(Driver.ContextPush(context));
        Final(draft);
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

    private nint WrongDescriptor(string mistake)
    {
        switch (mistake)
        {
            case "nothing set":
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
                return GraphDraft(ForwardOperation(Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(1, F32, [1, 4, 6, 6])));
            case "written twice":
                nint x = Tensor(1, F32, [1, 8, 6, 6]), y = Tensor(3, F32, [1, 4, 6, 6]);
                return GraphDraft(ForwardOperation(Shape, x, y), ForwardOperation(Shape, x, y));
            case "virtual never read":
                return GraphDraft(ForwardOperation(Shape, Tensor(1, F32, [1, 8, 6, 6]), Tensor(3, F32, [1, 4, 6, 6], isVirtual: true)));
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
