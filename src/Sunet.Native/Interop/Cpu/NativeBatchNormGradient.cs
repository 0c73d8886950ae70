using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_batch_norm_gradient</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBatchNormGradient
{
    public NativeTensor XTensor, DyTensor, DxTensor, AddendTensor;
    public void* X, Dy;
    public float* Mean, Variance, Gamma, Beta;

    /// <summary>Added to dx; null for none.</summary>
    public void* Addend;

    /// <summary>Null: only the parameters' gradients; may be dy or addend.</summary>
    public void* Dx;

    /// <summary>Either or both null: not wanted.</summary>
    public float* DGamma, DBeta;

    /// <summary>2 C floats, needed where dgamma or dbeta is null.</summary>
    public float* Scratch;
    public float Epsilon;
    public int Relu;

    /// <summary>1: mean and variance are those of x and dx accounts for it; 0: constants.</summary>
    public int BatchStatistics;
}
