using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>One of cuBLASLt's small host objects: an operation, a matrix layout or a preference. The caller disposes it.</summary>
internal sealed unsafe class CublasLtDescriptor : CudaHandle
{
    private readonly Kind kind;
    private readonly string layer;

    private CublasLtDescriptor(Kind kind, int status, nint created, string layer)
    {
        this.kind = kind;
        this.layer = layer;
        CublasStatus.ThrowIfFailed(status, $"cublasLt{kind}Create", layer);
        SetHandle(created);
    }

    private enum Kind
    {
        MatmulDesc,
        MatrixLayout,
        MatmulPreference,
    }

    /// <summary>A product whose scale factors are float32.</summary>
    public static CublasLtDescriptor CreateOperation(CublasComputeType compute, string layer) => new(
        Kind.MatmulDesc, CublasLt.MatmulDescriptorCreate(out nint created, compute, CudaDataType.Float32), created, layer);

    /// <summary>A column-major matrix.</summary>
    public static CublasLtDescriptor CreateLayout(CudaDataType type, long rows, long columns, long leadingDimension, string layer) => new(
        Kind.MatrixLayout, CublasLt.LayoutCreate(out nint created, type, (ulong)rows, (ulong)columns, leadingDimension), created, layer);

    /// <summary>What an algorithm may use.</summary>
    public static CublasLtDescriptor CreatePreference(string layer) => new(
        Kind.MatmulPreference, CublasLt.PreferenceCreate(out nint created), created, layer);

    /// <summary>Sets an attribute of an operation.</summary>
    public void Set<T>(CublasLtMatmulAttribute attribute, T value) where T : unmanaged =>
        CublasStatus.ThrowIfFailed(
            CublasLt.MatmulDescriptorSetAttribute(handle, attribute, &value, (nuint)sizeof(T)), "cublasLtMatmulDescSetAttribute", layer);

    /// <summary>Sets an attribute of a preference.</summary>
    public void Set<T>(CublasLtPreferenceAttribute attribute, T value) where T : unmanaged =>
        CublasStatus.ThrowIfFailed(
            CublasLt.PreferenceSetAttribute(handle, attribute, &value, (nuint)sizeof(T)), "cublasLtMatmulPreferenceSetAttribute", layer);

    protected override bool ReleaseHandle() => Released(kind switch
    {
        Kind.MatmulDesc => CublasLt.MatmulDescriptorDestroy(handle),
        Kind.MatrixLayout => CublasLt.LayoutDestroy(handle),
        _ => CublasLt.PreferenceDestroy(handle),
    });
}
