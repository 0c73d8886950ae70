using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The emulated heuristics offer engines of different character, and none where cuDNN has none.</summary>
public sealed unsafe class CudnnEngineTests : CudnnTest
{
    private const CudnnDataType F32 = CudnnDataType.Float32;
    private const CudnnDataType Bf16 = CudnnDataType.BFloat16;

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
            "mixed types" => Graph(ForwardOperation(Shape, Tensor(1, Bf16, [1, 8, 6, 6]), Tensor(3, Bf16, [1, 4, 6, 6]))),
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

    private nint PlanarGraph() => Graph(ForwardOperation(Shape, Final(Strided(288, 36, 6, 1)), Tensor(3, F32, [1, 4, 6, 6])));

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
            kind, s, Tensor(1, type, x, alignment: 16), filter ? between : Tensor(2, type, w, alignment: 16),
            filter ? Tensor(3, type, y, alignment: 16) : between));
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
            CudnnAttribute.NormForwardMean, CudnnAttribute.NormForwardInverseVariance, CudnnAttribute.NormForwardScale,
            CudnnAttribute.NormForwardBias })
            Child(operation, name, Tensor(vector++, F32, [1, 8, 1, 1]));
        return Graph(Final(operation));
    }
}
