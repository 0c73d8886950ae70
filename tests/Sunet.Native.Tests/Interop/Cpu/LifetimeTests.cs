using System.Runtime.CompilerServices;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Counts of the whole process: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(ProcessWide), DisableParallelization = true)]
public sealed class ProcessWide;

[Collection(nameof(ProcessWide))]
public sealed class LifetimeTests
{
    [Fact]
    public void Dispose_InAnyOrder_ReturnsEveryHandleAndByte()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        CpuContextHandle context = CpuContextHandle.Create(2);
        NativeConvolution convolution = ConvolutionCase.All[0].Convolution(Layouts.Blocked());
        CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        CpuFormatHandle format = primitive.Format(NativeArgument.Weights);
        CpuMemoryHandle memory = CpuMemoryHandle.Allocate(5 << 20);
        NativeOutstanding held = NativeRuntime.Outstanding;
        Assert.Equal(before.Handles + 3, held.Handles);
        Assert.Equal(before.Bytes + (5 << 20), held.Bytes);
        Assert.Equal(before.Allocations + 4, held.Allocations);
        context.Dispose();
        Assert.Equal(before.Handles + 3, NativeRuntime.Outstanding.Handles);
        primitive.Dispose();
        format.Dispose();
        memory.Dispose();
        NativeOutstanding after = NativeRuntime.Outstanding;
        Assert.Equal((before.Bytes, before.Handles), (after.Bytes, after.Handles));
    }

    [Fact]
    public void Finalizers_OfForgottenHandles_ReturnThem()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        Forget();
        for (int i = 0; i < 20 && NativeRuntime.Outstanding.Handles > before.Handles; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(before.Handles, NativeRuntime.Outstanding.Handles);
        Assert.Equal(before.Bytes, NativeRuntime.Outstanding.Bytes);
    }

    [Fact]
    public void Create_Failing_LeavesNothingBehind()
    {
        using CpuContextHandle context = CpuContextHandle.Create(2);
        NativeOutstanding before = NativeRuntime.Outstanding;
        NativeConvolution wrong = ConvolutionCase.All[0].Convolution(NativeLayout.Plain);
        wrong.Destination.Dim2 += 1;
        Assert.Throws<ArgumentException>(() => CpuPrimitiveHandle.ConvolutionForward(context, wrong));
        Assert.Throws<MemoryException>(() => CpuMemoryHandle.Allocate(1L << 60));
        Assert.Equal(before, NativeRuntime.Outstanding);
    }

    [Fact]
    public void Execute_SteadyState_AllocatesNothing()
    {
        using CpuContextHandle context = CpuContextHandle.Create(2);
        ConvolutionCase c = ConvolutionCase.All[0];
        NativeConvolution convolution = c.Convolution(Layouts.Blocked());
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using PrimitiveRunner runner = new(context, primitive);
        runner.SetActivation(NativeArgument.Source, convolution.Source, Numbers.Random(c.Large.Count, 1));
        runner.SetParameter(NativeArgument.Weights, Layouts.Plain(convolution.Weights), Numbers.Random(c.Weights.Count, 2));
        runner.SetActivation(NativeArgument.Destination, convolution.Destination, null);
        runner.Execute();
        NativeOutstanding before = NativeRuntime.Outstanding;
        long managed = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            primitive.Execute("layer");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - managed;
        Assert.Equal(0, allocated);
        Assert.Equal(before, NativeRuntime.Outstanding);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget()
    {
        CpuContextHandle context = CpuContextHandle.Create(1);
        CpuPrimitiveHandle.ConvolutionForward(context, ConvolutionCase.All[1].Convolution(NativeLayout.Plain));
        CpuMemoryHandle.Allocate(1000);
    }
}
