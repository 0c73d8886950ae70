using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>
/// The entry points of <c>libsunet_cpu</c> that prepare and run oneDNN's primitives; the kernels are in the other half of this class.
/// Calls made once per plan take safe handles; those made in every step take raw ones, which their owner keeps alive.
/// </summary>
internal static unsafe partial class SunetCpu
{
    private const string Library = CpuLibrary.Name;

    [LibraryImport(Library, EntryPoint = "sunet_counters_query")]
    public static partial void CountersQuery(out NativeCountersData counters);

    [LibraryImport(Library, EntryPoint = "sunet_convolution_forward_create")]
    public static partial int ConvolutionForwardCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_normalized_convolution_create")]
    public static partial int NormalizedConvolutionCreate(CpuContextHandle context, in NativeConvolution convolution, float epsilon,
        int relu, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_normalized_convolution_backward_weights_create")]
    public static partial int NormalizedConvolutionBackwardWeightsCreate(CpuContextHandle context, in NativeConvolution convolution,
        float epsilon, int relu, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_convolution_backward_data_create")]
    public static partial int ConvolutionBackwardDataCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_convolution_backward_weights_create")]
    public static partial int ConvolutionBackwardWeightsCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_deconvolution_forward_create")]
    public static partial int DeconvolutionForwardCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_deconvolution_backward_data_create")]
    public static partial int DeconvolutionBackwardDataCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_deconvolution_backward_weights_create")]
    public static partial int DeconvolutionBackwardWeightsCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_matmul_create")]
    public static partial int MatmulCreate(
        CpuContextHandle context, int m, int k, int n, int transposeSource, int transposeWeights, int hasBias,
        out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_reorder_create")]
    public static partial int ReorderCreate(
        CpuContextHandle context, CpuFormatHandle from, CpuFormatHandle to, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_scratch_bytes")]
    public static partial nuint PrimitiveScratchBytes(CpuPrimitiveHandle primitive);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_format")]
    public static partial int PrimitiveFormat(
        CpuPrimitiveHandle primitive, NativeArgument argument, out CpuFormatHandle format, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_implementation")]
    public static partial void PrimitiveImplementation(CpuPrimitiveHandle primitive, ref NativeMessage name);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_bind")]
    public static partial int PrimitiveBind(CpuPrimitiveHandle primitive, NativeArgument argument, nint data, ref NativeMessage message);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_execute")]
    public static partial int PrimitiveExecute(nint primitive, NativeMessage* message);

    [LibraryImport(Library, EntryPoint = "sunet_primitive_destroy")]
    public static partial void PrimitiveDestroy(nint primitive);
}
