using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Graphs;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>How a kernel sees a value: pixels of channels, one element type, a distance between neighbouring pixels.</summary>
/// <param name="Pixels">Images times height times width; for matrices the rows.</param>
/// <param name="Channels">Elements of a pixel.</param>
/// <param name="Stride">Elements from one pixel to the next, at least the channels.</param>
/// <param name="IsBf16">Whether elements are bf16, else float32.</param>
internal readonly record struct CudaActivation(long Pixels, int Channels, int Stride, bool IsBf16)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => IsBf16 ? 2 : sizeof(float);

    /// <summary>Elements of a 16-byte access, or 1 where channels or stride do not allow such accesses.</summary>
    public int Lanes => (Channels | Stride) % (16 / ElementBytes) == 0 ? 16 / ElementBytes : 1;

    /// <summary>What ends the names of the kernels for this element type.</summary>
    public string Suffix => IsBf16 ? "_bf16" : "_f32";

    /// <summary>Sees a value as it lies on the device.</summary>
    public static CudaActivation Of(CudaFormats layouts, Value value)
    {
        int channels = value.Shape.Rank == 4 ? value.Shape.Channels : value.Shape[value.Shape.Rank - 1];
        return new CudaActivation(value.Shape.Count / channels, channels, layouts.PixelStride(value), layouts.IsBf16(value));
    }

    /// <summary>Sees an op's first output as it lies on the device, for kernels that take one element type for everything.</summary>
    /// <exception cref="BackendException">One of the other values has another type.</exception>
    public static CudaActivation OfOutput(CudaFormats layouts, Op op, params ReadOnlySpan<Value> others)
    {
        CudaActivation output = Of(layouts, op.Output);
        foreach (Value other in others)
        {
            if (layouts.IsBf16(other) != output.IsBf16)
            {
                throw new BackendException(
                    $"The CUDA kernel of {op.Kind} '{op.Name}' takes one element type, and '{other.Name}' and "
                    + $"'{op.Output.Name}' differ in theirs.",
                    CudaKernels.Resource, 0, op.Name);
            }
        }

        return output;
    }
}
