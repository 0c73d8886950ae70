using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>A pointwise kernel of the CPU library: all of them have one signature and are found by name.</summary>
internal sealed unsafe class PointwiseKernel
{
    private readonly delegate* unmanaged<nint, NativeTensor*, void*, NativeTensor*, void*, float, NativeTensor*, void*, int> function;

    private PointwiseKernel(nint function) => this.function =
        (delegate* unmanaged<nint, NativeTensor*, void*, NativeTensor*, void*, float, NativeTensor*, void*, int>)function;

    /// <summary>Looks a kernel up.</summary>
    /// <param name="name">The name without <c>sunet_</c>, such as <c>relu</c>.</param>
    /// <returns>Null where the library has none of that name.</returns>
    public static PointwiseKernel? Find(string name) =>
        NativeLibrary.TryGetExport(CpuLibrary.Handle, "sunet_" + name, out nint function) ? new PointwiseKernel(function) : null;

    /// <summary>Computes y from a and b.</summary>
    /// <param name="context">The native context.</param>
    /// <param name="aTensor">How a lies.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="bTensor">How b lies; read where there is a b.</param>
    /// <param name="b">The second operand; null where the kernel takes one.</param>
    /// <param name="coefficient">Read by kernels that take a number.</param>
    /// <param name="yTensor">How y lies.</param>
    /// <param name="y">The result.</param>
    /// <returns>A status for <see cref="NativeStatus"/>.</returns>
    public int Run(nint context, in NativeTensor aTensor, void* a, in NativeTensor bTensor, void* b, float coefficient,
        in NativeTensor yTensor, void* y)
    {
        fixed (NativeTensor* first = &aTensor, second = &bTensor, result = &yTensor)
            return function(context, first, a, second, b, coefficient, result, y);
    }
}
