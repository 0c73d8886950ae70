using System.Runtime.CompilerServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tests.Backends.Cuda.Memory;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Backends.Cuda.Driver;

public sealed class CudaDeviceTests : EmulatorTest
{
    [Fact]
    public void Open_TheEmulator_DescribesIt()
    {
        using CudaDevice device = CudaDevice.Open(0);
        Assert.Equal("Sunet emulator", device.Name);
        Assert.Equal((9, 0), device.ComputeCapability);
        Assert.Equal(132, device.Multiprocessors);
        Assert.Equal(8L << 30, device.TotalBytes);
        Assert.InRange(device.FreeBytes(), 1, device.TotalBytes);
    }

    [Fact]
    public void Open_NoSuchOrdinal_SaysWhatThereIs()
    {
        BackendException error = Assert.Throws<BackendException>(() => CudaDevice.Open(3));
        Assert.Contains("no CUDA device 3: the driver offers 1 CUDA device, 0", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, error.ExitCode);
        Emulator.Reset();
        Emulator.SetDevices(0);
        error = Assert.Throws<BackendException>(() => CudaDevice.Open(0));
        Assert.Contains("the driver offers no CUDA device", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EnterAndLeave_Nested_LeaveTheThreadAsItWas()
    {
        using CudaDevice device = CudaDevice.Open(0);
        Assert.Equal((int)CudaResult.InvalidContext, CudaDriver.ContextGetDevice(out _));
        device.Enter();
        using (device.Use())
            Assert.Equal(0, CudaDriver.ContextGetDevice(out _));
        Assert.Equal(0, CudaDriver.ContextGetDevice(out _));
        device.Leave();
        Assert.Equal((int)CudaResult.InvalidContext, CudaDriver.ContextGetDevice(out _));
    }

    [Fact]
    public void Leave_ContextOfAnotherDeviceOnTop_IsRefused()
    {
        Emulator.SetDevices(2);
        using CudaDevice first = CudaDevice.Open(0), second = CudaDevice.Open(1);
        first.Enter();
        second.Enter();
        Assert.Throws<InvalidOperationException>(first.Leave);
        first.Leave();
        Assert.Equal((int)CudaResult.InvalidContext, CudaDriver.ContextGetDevice(out _));
    }

    [Fact]
    public void Dispose_BeforeItsChildren_KeepsTheContextUntilTheLastIsGone()
    {
        CudaDevice device = CudaDevice.Open(0);
        CudaStream stream = CudaStream.Create(device);
        CudaEvent mark = CudaEvent.Create(device);
        device.Dispose();
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Contexts));
        stream.Dispose();
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Contexts));
        mark.Dispose();
        Assert.Empty(Emulator.Living);
        device.Dispose();
    }

    [Fact]
    public void Adopt_CallersContext_WorksInItAndNeverEndsIt()
    {
        Assert.Equal(0, CudaDriver.Init(0));
        Assert.Equal(0, CudaDriver.PrimaryContextRetain(out nint context, 0));
        using (CudaDevice device = CudaDevice.Adopt(context, 0))
        using (var pool = new DevicePool(device))
        using (CudaStream stream = CudaStream.Create(device))
        {
            DeviceBlock block = pool.Allocate(64, stream);
            using DeviceScope scope = device.Use();
            DeviceMemory.Fill(block.Address, 4, 64, stream);
            Assert.Equal(4, DeviceMemory.Read(device, block.Address, 64, stream)[63]);
            pool.Free(block, stream);
        }

        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.Contexts));
        Assert.Equal(0, CudaDriver.PrimaryContextRelease(0));
    }

    [Fact]
    public void Adopt_ContextOfAnotherDeviceOrNone_IsRefused()
    {
        Emulator.SetDevices(2);
        Assert.Equal(0, CudaDriver.Init(0));
        Assert.Equal(0, CudaDriver.PrimaryContextRetain(out nint context, 0));
        Assert.Throws<ArgumentException>(() => CudaDevice.Adopt(context, 1));
        Assert.Throws<ArgumentException>(() => CudaDevice.Adopt(0, 0));
        Assert.Equal((int)CudaResult.InvalidContext, CudaDriver.ContextGetDevice(out _));
        Assert.Equal(0, CudaDriver.PrimaryContextRelease(0));
    }

    [Fact]
    public void Finalizers_DroppedHandles_AreCountedAndCallNothing()
    {
        CudaDevice device = CudaDevice.Open(0);
        long before = CudaLeaks.Finalized, calls = Emulator.Calls();
        Drop(device);
        long created = Emulator.Calls() - calls;
        for (int i = 0; i < 10 && CudaLeaks.Finalized < before + 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(before + 3, CudaLeaks.Finalized);
        Assert.Equal(calls + created, Emulator.Calls());
        Assert.Equal((1, 1, 64), (Emulator.Outstanding(EmulatedKind.Streams), Emulator.Outstanding(EmulatedKind.Events),
            Emulator.Outstanding(EmulatedKind.PinnedBytes)));
        device.Dispose();
        Emulator.Reset();
    }

    [Fact]
    public void Finalizers_DisposedHandles_AreNotCounted()
    {
        using CudaDevice device = CudaDevice.Open(0);
        long before = CudaLeaks.Finalized;
        CudaEvent.Create(device).Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(before, CudaLeaks.Finalized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Create_AnyCallFails_ThrowsATypedErrorAndLeavesNothing(bool persistent)
    {
        long refused = CudaLeaks.Refused;
        bool finished = false;
        int n = 0;
        for (; !finished && n < 200; n++)
        {
            Emulator.Reset();
            Emulator.FailCall(n + 1, persistent ? 1 : 0);
            Exception? error = Record.Exception(CreateEverything);
            Emulator.FailCall(0, 0);
            finished = error is null;
            Assert.True(error is null or SunetException, $"call {n + 1}: {error}");
            Assert.Empty(Emulator.Living);
            Assert.Empty(Emulator.Violations);
        }

        Assert.True(finished);
        Assert.True(n > 20, $"only {n} calls were made to fail");
        Assert.Equal(refused, CudaLeaks.Refused);
    }

    private static void CreateEverything()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaKernels kernels = CudaKernels.Load(device);
        using CudaStream stream = CudaStream.Create(device), other = CudaStream.Create(device);
        using CudaEvent mark = CudaEvent.Create(device);
        using PinnedBuffer pinned = PinnedBuffer.Create(device, 64);
        using CudnnHandle cudnn = CudnnHandle.Create(device);
        using CublasLtHandle cublas = CublasLtHandle.Create(device);
        DeviceBlock block = pool.Allocate(512, stream);
        try
        {
            using (device.Use())
            {
                cudnn.SetStream(stream.Raw);
                KernelLaunch launch = new(kernels.Get("accumulate"), (1, 1, 1), 256, block.Address, block.Address, 128L);
                using CudaGraphExec graph = CudaGraphCapture.Capture(stream, () =>
                {
                    DeviceMemory.Fill(block.Address, 1, 512, stream);
                    launch.Run(stream.Raw, "test");
                });
                graph.Launch(stream);
                mark.Record(stream);
                mark.MakeWait(other);
                stream.Synchronize();
                other.Synchronize();
            }
        }
        finally
        {
            pool.Free(block, stream);
        }

        pool.Trim();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(CudaDevice device)
    {
        _ = CudaStream.Create(device);
        _ = CudaEvent.Create(device);
        _ = PinnedBuffer.Create(device, 64);
    }
}
