using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Tests.Backends.Cuda.Memory;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Backends.Cuda.Driver;

public sealed class GraphTests : EmulatorTest
{
    [Fact]
    public void Capture_CopiesAndFills_RunAtEachLaunchWithWhatIsThereThen()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using PinnedBuffer source = PinnedBuffer.Create(device, 256), result = PinnedBuffer.Create(device, 512);
        using DeviceScope scope = device.Use();
        DeviceBlock block = pool.Allocate(512, stream);
        DeviceMemory.Fill(block.Address, 1, 512, stream);
        stream.Synchronize();

        source.Span.Fill(5);
        using CudaGraphExec graph = CudaGraphCapture.Capture(stream, () =>
        {
            DeviceMemory.Fill(block.Address, 3, 512, stream);
            DeviceMemory.Upload(source, block.Address, stream);
            DeviceMemory.Download(block.Address, result, stream);
        });
        Assert.Equal(3, graph.Nodes);
        Assert.All(DeviceMemory.Read(device, block.Address, 512, stream), b => Assert.Equal(1, b));

        foreach (byte value in (byte[])[5, 8])
        {
            source.Span.Fill(value);
            graph.Launch(stream);
            stream.Synchronize();
            Assert.All(result.Span[..256].ToArray(), b => Assert.Equal(value, b));
            Assert.All(result.Span[256..].ToArray(), b => Assert.Equal(3, b));
        }

        pool.Free(block, stream);
    }

    [Fact]
    public void Launch_Steady_AllocatesNothing()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        DeviceBlock block = pool.Allocate(512, stream);
        using CudaGraphExec graph = CudaGraphCapture.Capture(stream, () => DeviceMemory.Fill(block.Address, 3, 512, stream));
        graph.Launch(stream);
        stream.Synchronize();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            graph.Launch(stream);
            stream.Synchronize();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        pool.Free(block, stream);
    }

    [Fact]
    public void Capture_ActionThrows_PassesItOnAndTheStreamWorksAgain()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        DeviceBlock block = pool.Allocate(512, stream);
        Assert.Throws<InvalidTimeZoneException>(() => CudaGraphCapture.Capture(stream, () =>
        {
            DeviceMemory.Fill(block.Address, 1, 512, stream);
            throw new InvalidTimeZoneException();
        }));
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.Graphs));
        DeviceMemory.Fill(block.Address, 2, 512, stream);
        Assert.Equal(2, DeviceMemory.Read(device, block.Address, 512, stream)[0]);
        pool.Free(block, stream);
    }

    [Fact]
    public void Capture_ActionWaits_IsABackendExceptionAndTheStreamWorksAgain()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaStream stream = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        Assert.Throws<BackendException>(() => CudaGraphCapture.Capture(stream, () => stream.Synchronize()));
        Assert.NotEmpty(Emulator.Violations);
        Emulator.ClearViolations();
        stream.Synchronize();
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.Graphs));
    }
}
