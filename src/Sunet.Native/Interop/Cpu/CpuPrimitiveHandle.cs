
namespace Sunet.Native.Interop.Cpu;

/// <summary>
/// One prepared oneDNN call. Bind every argument once, then execute as often as wanted; binding again is allowed. It holds a
/// reference to its context, so that disposing or finalizing the two in any order is safe.
/// </summary>
internal sealed unsafe class CpuPrimitiveHandle : CpuHandle
{
    private CpuContextHandle? context;

    private delegate int ConvolutionCreate(
        CpuContextHandle context, in NativeConvolution convolution, out CpuPrimitiveHandle primitive, ref NativeMessage message);

    private delegate int NormalizedCreate(CpuContextHandle context, in NativeConvolution convolution, float epsilon, int relu,
        out CpuPrimitiveHandle primitive, ref NativeMessage message);

    /// <summary>The bytes to bind as <see cref="NativeArgument.Scratch"/>; 0 means that it takes none.</summary>
    public long ScratchBytes => (long)SunetCpu.PrimitiveScratchBytes(this);

    /// <summary>oneDNN's name of the implementation it chose, such as <c>jit:avx512_core</c>.</summary>
    public string Implementation
    {
        get
        {
            byte* text = stackalloc byte[NativeMessage.Size];
            NativeMessage name = new(text, NativeMessage.Size);
            SunetCpu.PrimitiveImplementation(this, ref name);
            return name.ToString();
        }
    }

    public static CpuPrimitiveHandle ConvolutionForward(CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.ConvolutionForwardCreate, context, convolution, layer);

    /// <summary>A convolution of what batch-norm, and ReLU, make of its source; 1x1, or made in float16.</summary>
    public static CpuPrimitiveHandle NormalizedConvolution(
        CpuContextHandle context, in NativeConvolution convolution, float epsilon, bool relu, string? layer = null) =>
        Create(SunetCpu.NormalizedConvolutionCreate, context, convolution, epsilon, relu, layer);

    /// <summary>The gradient of such a convolution's weights; in float16 only.</summary>
    public static CpuPrimitiveHandle NormalizedConvolutionBackwardWeights(
        CpuContextHandle context, in NativeConvolution convolution, float epsilon, bool relu, string? layer = null) =>
        Create(SunetCpu.NormalizedConvolutionBackwardWeightsCreate, context, convolution, epsilon, relu, layer);

    public static CpuPrimitiveHandle ConvolutionBackwardData(
        CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.ConvolutionBackwardDataCreate, context, convolution, layer);

    public static CpuPrimitiveHandle ConvolutionBackwardWeights(
        CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.ConvolutionBackwardWeightsCreate, context, convolution, layer);

    public static CpuPrimitiveHandle DeconvolutionForward(
        CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.DeconvolutionForwardCreate, context, convolution, layer);

    public static CpuPrimitiveHandle DeconvolutionBackwardData(
        CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.DeconvolutionBackwardDataCreate, context, convolution, layer);

    public static CpuPrimitiveHandle DeconvolutionBackwardWeights(
        CpuContextHandle context, in NativeConvolution convolution, string? layer = null) =>
        Create(SunetCpu.DeconvolutionBackwardWeightsCreate, context, convolution, layer);

    /// <summary>destination [M, N] = op(source) [M, K] x op(weights) [K, N] + bias [N].</summary>
    public static CpuPrimitiveHandle Matmul(
        CpuContextHandle context, int m, int k, int n, bool transposeSource, bool transposeWeights, bool hasBias, string? layer = null)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.MatmulCreate(
            context, m, k, n, transposeSource ? 1 : 0, transposeWeights ? 1 : 0, hasBias ? 1 : 0, out CpuPrimitiveHandle primitive,
            ref message);
        return primitive.Attach(context, status, message, layer);
    }

    /// <summary>Copies data from one format to another of the same dimensions.</summary>
    public static CpuPrimitiveHandle Reorder(CpuContextHandle context, CpuFormatHandle from, CpuFormatHandle to, string? layer = null)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.ReorderCreate(context, from, to, out CpuPrimitiveHandle primitive, ref message);
        return primitive.Attach(context, status, message, layer);
    }

    /// <summary>The format in which the primitive reads or writes an argument; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">The primitive does not take the argument.</exception>
    public CpuFormatHandle Format(NativeArgument argument)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.PrimitiveFormat(this, argument, out CpuFormatHandle format, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return format;
    }

    /// <summary>Says where an argument lies; the memory is the caller's and outlives every execution.</summary>
    /// <exception cref="ArgumentException">The primitive does not take the argument, or <paramref name="data"/> is zero.</exception>
    public void Bind(NativeArgument argument, nint data)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        NativeStatus.ThrowIfFailed(SunetCpu.PrimitiveBind(this, argument, data, ref message), message, CpuLibrary.File);
    }

    /// <summary>Runs the primitive and returns when its result is written.</summary>
    /// <param name="layer">The layer at work, for the error's sentence.</param>
    /// <exception cref="ArgumentException">An argument was not bound.</exception>
    /// <exception cref="BackendException">oneDNN failed.</exception>
    /// <exception cref="ObjectDisposedException">The primitive is disposed.</exception>
    public void Execute(string? layer = null)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.PrimitiveExecute(Raw, &message);
        GC.KeepAlive(this);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File, layer);
    }

    protected override bool ReleaseHandle()
    {
        SunetCpu.PrimitiveDestroy(handle);
        context?.DangerousRelease();
        return true;
    }

    private static CpuPrimitiveHandle Create(
        ConvolutionCreate create, CpuContextHandle context, in NativeConvolution convolution, string? layer)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = create(context, convolution, out CpuPrimitiveHandle primitive, ref message);
        return primitive.Attach(context, status, message, layer);
    }

    private static CpuPrimitiveHandle Create(NormalizedCreate create, CpuContextHandle context, in NativeConvolution convolution,
        float epsilon, bool relu, string? layer)
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = create(context, convolution, epsilon, relu ? 1 : 0, out CpuPrimitiveHandle primitive, ref message);
        return primitive.Attach(context, status, message, layer);
    }

    private CpuPrimitiveHandle Attach(CpuContextHandle owner, int status, in NativeMessage message, string? layer)
    {
        if (status != NativeStatus.Ok)
        {
            Dispose();
            NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File, layer);
        }

        bool added = false;
        try
        {
            owner.DangerousAddRef(ref added);
        }
        finally
        {
            if (added)
                context = owner;
            else
                Dispose();
        }

        return this;
    }
}
