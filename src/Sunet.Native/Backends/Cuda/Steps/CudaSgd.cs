using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// One update of some parameters. Its rates lie on the device, so that a captured step takes whatever they are when it is launched.
/// </summary>
internal sealed unsafe class CudaSgd : ParameterUpdate
{
    private readonly CudaRun run;
    private readonly DeviceBlock rates;
    private readonly KernelLaunch launch;

    /// <summary>Brings the rates to the device, which is current meanwhile.</summary>
    public CudaSgd(CudaRun run, CudaTransfers transfers, in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients,
        nint velocity)
    {
        this.run = run;
        rates = run.Pool.Allocate(sizeof(SgdRates), run.Stream);
        try
        {
            var values = new SgdRates(0, arguments.Momentum, arguments.Dampening, arguments.WeightDecay, arguments.GradientScale,
                arguments.Nesterov ? 1 : 0);
            transfers.UploadBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<SgdRates>(in values)), rates.Address);
            launch = UpdateLaunches.Sgd(run.Kernels, count, parameters, copy, gradients, velocity, rates.Address, run.Guard);
        }
        catch
        {
            run.Pool.Free(rates, run.Stream);
            throw;
        }
    }

    /// <summary>The first word of the rates is set by the stream itself, between two launches.</summary>
    public override void SetLearningRate(float rate)
    {
        ThrowIfDisposed();
        using DeviceScope current = run.Use();
        run.Stream.FillWords(rates.Address, BitConverter.SingleToUInt32Bits(rate), 1);
    }

    protected override void Work()
    {
        using DeviceScope current = run.Use();
        launch.Run(run.Stream.Raw, "sgd_update");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            run.Pool.Free(rates, run.Stream);
        base.Dispose(disposing);
    }

    /// <summary>The struct of this name in sunet_cuda.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct SgdRates(
        float LearningRate, float Momentum, float Dampening, float WeightDecay, float GradientScale, int Nesterov);
}
