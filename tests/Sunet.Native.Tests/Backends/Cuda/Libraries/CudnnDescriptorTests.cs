using System.Runtime.CompilerServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;
using CudnnNumericalNote = Sunet.Native.Tests.Emulation.CudnnNumericalNote;

namespace Sunet.Native.Tests.Backends.Cuda.Libraries;

public sealed class CudnnDescriptorTests : EmulatorTest
{
    [Fact]
    public void Heuristics_OfOneConvolution_GivePlansThatSayTheirWorkspace()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudnnHandle cudnn = CudnnHandle.Create(device);
        using DeviceScope scope = device.Use();
        using CudnnDescriptor x = Tensor(1, 2, 16, 8, 8), w = Tensor(2, 32, 16, 3, 3), y = Tensor(3, 2, 32, 8, 8);
        using CudnnDescriptor convolution = CudnnDescriptor.Create(CudnnDescriptorType.Convolution)
            .Set(CudnnAttribute.ConvolutionComputeType, CudnnDataType.Float32)
            .Set(CudnnAttribute.ConvolutionMode, CudnnAttributeType.ConvolutionMode, CudnnConvolutionMode.CrossCorrelation)
            .Set(CudnnAttribute.ConvolutionSpatialDimensions, 2)
            .Set(CudnnAttribute.ConvolutionPrePaddings, 1, 1).Set(CudnnAttribute.ConvolutionPostPaddings, 1, 1)
            .Set(CudnnAttribute.ConvolutionDilations, 1, 1).Set(CudnnAttribute.ConvolutionFilterStrides, 1, 1).Finalize();
        using CudnnDescriptor forward = CudnnDescriptor.Create(CudnnDescriptorType.OperationConvolutionForward)
            .Set(CudnnAttribute.ConvolutionForwardX, x).Set(CudnnAttribute.ConvolutionForwardW, w)
            .Set(CudnnAttribute.ConvolutionForwardY, y).Set(CudnnAttribute.ConvolutionForwardConvolution, convolution)
            .Set(CudnnAttribute.ConvolutionForwardAlpha, 1f).Set(CudnnAttribute.ConvolutionForwardBeta, 0f).Finalize();
        using CudnnDescriptor graph = CudnnDescriptor.Create(CudnnDescriptorType.OperationGraph)
            .Set(CudnnAttribute.OperationGraphOperations, [forward]).Set(CudnnAttribute.OperationGraphHandle, cudnn).Finalize();
        using CudnnDescriptor heuristic = CudnnDescriptor.Create(CudnnDescriptorType.EngineHeuristic)
            .Set(CudnnAttribute.EngineHeuristicOperationGraph, graph)
            .Set(CudnnAttribute.EngineHeuristicMode, CudnnAttributeType.HeuristicMode, CudnnHeuristicMode.A).Finalize();
        CudnnDescriptor[] configurations =
            heuristic.GetDescriptors(CudnnAttribute.EngineHeuristicResults, CudnnDescriptorType.EngineConfig);
        Assert.InRange(configurations.Length, 2, 100);
        int usable = 0;
        foreach (CudnnDescriptor configuration in configurations)
        {
            using CudnnDescriptor engine = configuration.GetDescriptor(CudnnAttribute.EngineConfigEngine, CudnnDescriptorType.Engine);
            CudnnNumericalNote[] notes = engine.GetValues<CudnnNumericalNote>(
                CudnnAttribute.EngineNumericalNote, CudnnAttributeType.NumericalNote);
            Assert.All(notes, n => Assert.True(Enum.IsDefined(n)));
            Assert.InRange(engine.GetInt64(CudnnAttribute.EngineGlobalIndex), 0, 10_000);
            using CudnnDescriptor plan = CudnnDescriptor.Create(CudnnDescriptorType.ExecutionPlan)
                .Set(CudnnAttribute.ExecutionPlanHandle, cudnn).Set(CudnnAttribute.ExecutionPlanEngineConfig, configuration);
            if (plan.TryFinalize() == 0)
            {
                usable++;
                Assert.InRange(plan.GetInt64(CudnnAttribute.ExecutionPlanWorkspaceSize), 0, 1L << 34);
            }

            configuration.Dispose();
        }

        Assert.InRange(usable, 1, configurations.Length);
    }

    [Fact]
    public void Set_WrongType_NamesDescriptorAttributeAndCode()
    {
        CudaLibraries.EnsureCudnn();
        using CudnnDescriptor tensor = CudnnDescriptor.Create(CudnnDescriptorType.Tensor);
        BackendException error = Assert.Throws<BackendException>(
            () => tensor.Set(CudnnAttribute.TensorDimensions, CudnnAttributeType.Float, 1f));
        Assert.Contains("cudnnBackendSetAttribute(Tensor.TensorDimensions)", error.Message, StringComparison.Ordinal);
        Assert.Contains("2010", error.Message, StringComparison.Ordinal);
        Assert.Equal("libcudnn.so.9", error.Library);
        Assert.NotEmpty(Emulator.Violations);
        Emulator.ClearViolations();
    }

    [Fact]
    public void Finalize_Incomplete_IsRefusedWithTheLayer()
    {
        CudaLibraries.EnsureCudnn();
        using CudnnDescriptor tensor = CudnnDescriptor.Create(CudnnDescriptorType.Tensor);
        BackendException error = Assert.Throws<BackendException>(() => tensor.Finalize("Convolution 'u1/conv'"));
        Assert.StartsWith("Convolution 'u1/conv': cudnnBackendFinalize(Tensor)", error.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, tensor.TryFinalize());
        Emulator.ClearViolations();
    }

    [Fact]
    public void Finalizer_DroppedDescriptor_IsCounted()
    {
        CudaLibraries.EnsureCudnn();
        long before = CudaLeaks.Finalized;
        Drop();
        for (int i = 0; i < 10 && CudaLeaks.Finalized == before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(before + 1, CudaLeaks.Finalized);
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.CudnnDescriptors));
        Emulator.Reset();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop() => _ = CudnnDescriptor.Create(CudnnDescriptorType.Tensor);

    private static CudnnDescriptor Tensor(long id, long n, long c, long h, long w) => CudnnDescriptor.Create(CudnnDescriptorType.Tensor)
        .Set(CudnnAttribute.TensorDataType, CudnnDataType.Float32)
        .Set(CudnnAttribute.TensorDimensions, n, c, h, w)
        .Set(CudnnAttribute.TensorStrides, h * w * c, 1, w * c, c)
        .Set(CudnnAttribute.TensorUniqueId, id)
        .Set(CudnnAttribute.TensorByteAlignment, 16)
        .Finalize();
}
