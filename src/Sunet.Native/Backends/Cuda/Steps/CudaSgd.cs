using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// One update of some parameters. Its rates lie on the device, so that a captured step takes whatever they are when it is launched.
/// </summary>
internal sealed unsafe class CudaSgd : ParameterUpdate
{
    private readonly CudaSession session;
    private readonly DeviceBlock rates;
    private readonly KernelLaunch launch;

    public CudaSgd(CudaSession session, in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity)
    {
        this.session = session;
        using CudaDevice.Scope current = session.Device.Use();
        rates = session.Device.Pool.Allocate(sizeof(SgdRates), session.Stream);
        try
        {
            var values = new SgdRates(0, arguments.Momentum, arguments.Dampening, arguments.WeightDecay, arguments.GradientScale,
                arguments.Nesterov ? 1 : 0);
            session.UploadBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<SgdRates>(in values)), rates.Address);
            launch = CudaTransfer.Sgd(session, count, parameters, copy, gradients, velocity, rates.Address);
        }
        catch
        {
            session.Device.Pool.Free(rates, session.Stream);
            throw;
        }
    }

    /// <summary>The first word of the rates is set by the stream itself, between two launches.</summary>
    public override void SetLearningRate(float rate)
    {
        ThrowIfDisposed();
        using CudaDevice.Scope current = session.Device.Use();
        CudaStatus.ThrowIfFailed(
            CudaDriver.Fill32Async(rates.Address, BitConverter.SingleToUInt32Bits(rate), 1, session.Stream.Raw), "cuMemsetD32Async");
    }

    protected override void Work()
    {
        using CudaDevice.Scope current = session.Device.Use();
        launch.Run(session.Stream.Raw, "sgd_update");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            session.Device.Pool.Free(rates, session.Stream);
        base.Dispose(disposing);
    }

    /// <summary>As in sunet_cuda.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct SgdRates(
        float LearningRate, float Momentum, float Dampening, float WeightDecay, float GradientScale, int Nesterov);
}
