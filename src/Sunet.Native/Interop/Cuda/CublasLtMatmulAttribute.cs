namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasLtMatmulDescAttributes_t</c> that we set.</summary>
internal enum CublasLtMatmulAttribute
{
    TransposeA = 3,
    TransposeB = 4,
    Epilogue = 7,
    BiasPointer = 8,
}
