using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// What is known of the step at work, on the device and, once asked for, on the host: the guard that keeps updates from happening after a
/// step that was not sound, and the record the host reads. The device is current while its methods run.
/// </summary>
internal sealed unsafe class CudaStepGuard : IDisposable
{
    private const int RecordOffset = 16, FlagOffset = 32, Bytes = 48;
    private readonly DevicePool pool;
    private readonly CudaStream stream;
    private readonly DeviceBlock block;
    private readonly PinnedBuffer host;

    /// <exception cref="MemoryException">There is not enough memory.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public CudaStepGuard(DevicePool pool, CudaStream stream)
    {
        this.pool = pool;
        this.stream = stream;
        block = pool.Allocate(Bytes, stream);
        try
        {
            host = PinnedBuffer.Create(stream.Device, sizeof(StepRecord));
            stream.Clear(block.Address, Bytes);
        }
        catch
        {
            pool.Free(block, stream);
            host?.Dispose();
            throw;
        }
    }

    /// <summary>The address of an int32: 0 while the step is sound.</summary>
    public nint Guard => block.Address;

    /// <summary>The address of the int32 that a finite check sets.</summary>
    public nint Flag => block.Address + FlagOffset;

    /// <summary>The address of what the check of a step found.</summary>
    public nint Record => block.Address + RecordOffset;

    /// <summary>The result of the last check of a step; waits until it is made.</summary>
    public StepCheck LastCheck()
    {
        stream.CopyToHost(host.Address, Record, sizeof(StepRecord));
        stream.Synchronize();
        StepRecord found = *(StepRecord*)host.Address;
        return new StepCheck(found.Loss, found.Invalid, (found.Guard & StepRecord.SpecialGradients) == 0);
    }

    /// <summary>Whether a finite check leaves the flag down; waits until it has run.</summary>
    public bool IsFinite(KernelLaunch check)
    {
        stream.Clear(Flag, sizeof(int));
        check.Run(stream.Raw, "finite_check");
        stream.CopyToHost(host.Address, Flag, sizeof(int));
        stream.Synchronize();
        return *(int*)host.Address == 0;
    }

    public void Dispose()
    {
        host.Dispose();
        pool.Free(block, stream);
    }

    /// <summary>The struct of this name in sunet_cuda.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct StepRecord
    {
        public const int SpecialGradients = 4;
        public readonly float Loss;
        public readonly int Invalid;
        public readonly int Guard;
    }
}
