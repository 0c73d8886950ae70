using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// What a session knows of the step at work, on the device and, once asked for, on the host: the guard that keeps updates from happening
/// after a step that was not sound, and the record the host reads.
/// </summary>
internal sealed unsafe class CudaStepGuard : IDisposable
{
    private const int RecordOffset = 16, FlagOffset = 32, Bytes = 48;
    private readonly CudaSession session;
    private readonly DeviceBlock block;
    private readonly PinnedBuffer host;

    public CudaStepGuard(CudaSession session)
    {
        this.session = session;
        block = session.Device.Pool.Allocate(Bytes, session.Stream);
        try
        {
            host = PinnedBuffer.Create(session.Device, sizeof(StepRecord));
            session.Clear(Bytes, block.Address);
        }
        catch
        {
            session.Device.Pool.Free(block, session.Stream);
            host?.Dispose();
            throw;
        }
    }

    /// <summary>int32: 0 while the step is sound.</summary>
    public nint Guard => block.Address;

    /// <summary>int32: set by a finite check.</summary>
    public nint Flag => block.Address + FlagOffset;

    /// <summary>Prepares the check of a step: a finite check over its gradients, then the guard.</summary>
    public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients) => new LaunchedWork(session, Flag,
        CudaTransfer.FiniteCheck(session, bf16: false, count, gradients, Flag),
        new KernelLaunch(session.Device.Kernels.Get("step_guard"), (1, 1, 1), 32, loss, invalid, Flag, Guard, block.Address + RecordOffset));

    /// <summary>The result of the last check.</summary>
    public StepCheck LastCheck()
    {
        session.CopyToHost(host.Address, block.Address + RecordOffset, sizeof(StepRecord));
        session.Stream.Synchronize();
        StepRecord found = *(StepRecord*)host.Address;
        return new StepCheck(found.Loss, found.Invalid, (found.Guard & StepRecord.SpecialGradients) == 0);
    }

    /// <summary>Whether a finite check raises the flag.</summary>
    public bool IsFinite(KernelLaunch check)
    {
        session.Clear(sizeof(int), Flag);
        check.Run(session.Stream.Raw, "finite_check");
        session.CopyToHost(host.Address, Flag, sizeof(int));
        session.Stream.Synchronize();
        return *(int*)host.Address == 0;
    }

    public void Dispose()
    {
        host.Dispose();
        session.Device.Pool.Free(block, session.Stream);
    }

    /// <summary>As in sunet_cuda.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct StepRecord
    {
        public const int SpecialGradients = 4;
        public readonly float Loss;
        public readonly int Invalid;
        public readonly int Guard;
    }
}
