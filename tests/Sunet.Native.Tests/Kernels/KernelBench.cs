using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Kernels;

/// <summary>A device on which single kernels run, with memory to put their operands in; all of it is freed when disposed.</summary>
internal sealed unsafe class KernelBench : IDisposable
{
    private readonly List<DeviceBlock> blocks = [];
    private readonly DevicePool pool;
    private readonly CudaKernels kernels;

    public KernelBench()
    {
        Device = CudaDevice.Open(0);
        Device.Enter();
        Stream = CudaStream.Create(Device);
        pool = new DevicePool(Device);
        kernels = CudaKernels.Load(Device);
    }

    public CudaDevice Device { get; }

    public CudaStream Stream { get; }

    /// <summary>Memory that nothing has been written to.</summary>
    public nint Reserve(long bytes)
    {
        DeviceBlock block = pool.Allocate(Math.Max(bytes, 1), Stream);
        blocks.Add(block);
        return block.Address;
    }

    /// <summary>Elements, brought to the device.</summary>
    public nint Put<T>(params ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(elements);
        nint address = Reserve(bytes.Length);
        using PinnedBuffer pinned = PinnedBuffer.Create(Device, bytes.Length);
        bytes.CopyTo(pinned.Span);
        Check(CudaDriver.CopyToDeviceAsync(address, pinned.Address, (nuint)bytes.Length, Stream.Raw));
        Stream.Synchronize();
        return address;
    }

    /// <summary>Elements, brought back once all work is done.</summary>
    public T[] Get<T>(nint address, int count)
        where T : unmanaged
    {
        T[] elements = new T[count];
        using PinnedBuffer pinned = PinnedBuffer.Create(Device, (long)count * sizeof(T));
        Check(CudaDriver.CopyToHostAsync(pinned.Address, address, (nuint)pinned.Bytes, Stream.Raw));
        Stream.Synchronize();
        MemoryMarshal.Cast<byte, T>(pinned.Span)[..count].CopyTo(elements);
        return elements;
    }

    /// <summary>Queues a kernel with blocks as large as it allows, after a look whether it takes arguments of these sizes.</summary>
    public void Run(string name, (int X, int Y, int Z) grid, params ReadOnlySpan<KernelArgument> arguments)
    {
        CudaKernel kernel = kernels.Get(name);
        var launch = new KernelLaunch(kernel, grid, kernel.MaxThreads, arguments);
        int* sizes = stackalloc int[32];
        int count = Emulator.KernelParameters(name, sizes, 32);
        Assert.Equal(new Span<int>(sizes, count).ToArray().Select(Math.Abs), launch.ArgumentSizes.ToArray());
        launch.Run(Stream.Raw, name);
    }

    public void Dispose()
    {
        foreach (DeviceBlock block in blocks)
            pool.Free(block, Stream);
        Stream.Synchronize();
        Stream.Dispose();
        kernels.Dispose();
        pool.Dispose();
        Device.Leave();
        Device.Dispose();
    }

    private static void Check(int result) => CudaStatus.ThrowIfFailed(result, "copy");
}
