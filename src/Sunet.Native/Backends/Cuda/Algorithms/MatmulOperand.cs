using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>A matrix in memory, as cuBLASLt sees it: column-major.</summary>
/// <param name="Index">Which of the problem's operands it is.</param>
/// <param name="IsBf16">Whether elements are bf16 rather than float32.</param>
/// <param name="LeadingDimension">Elements from one column to the next.</param>
/// <param name="Transposed">Whether it lies transposed; never so for a result.</param>
internal readonly record struct MatmulOperand(int Index, bool IsBf16, long LeadingDimension, bool Transposed)
{
    public CudaDataType Type => IsBf16 ? CudaDataType.BFloat16 : CudaDataType.Float32;

    /// <summary>
    /// A tensor with its channels innermost, as the matrix [channels, pixels]; so weights [K, C, 1, 1] are the matrix [C, K].
    /// </summary>
    public static MatmulOperand Of(int index, in TensorLayout layout, bool transposed = false) =>
        new(index, layout.IsBf16, layout.PixelStride, transposed);
}
