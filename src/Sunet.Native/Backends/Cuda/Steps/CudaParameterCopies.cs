using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>Keeps the copy of the parameters in bfloat16 that convolutions multiply by.</summary>
internal sealed class CudaParameterCopies(CudaRun run) : IParameterCopies
{
    /// <inheritdoc/>
    public int ElementBytes => sizeof(ushort);

    /// <inheritdoc/>
    public void Refresh(long count, nint parameters, nint copy)
    {
        using DeviceScope current = run.Use();
        LayoutLaunches.ToBf16(run.Kernels, count, parameters, copy).Run(run.Stream.Raw, "copy_to_bf16");
    }
}
