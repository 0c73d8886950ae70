namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cublasOperation_t</c> that we use.</summary>
internal enum CublasOperation
{
    None = 0,
    Transpose = 1,
}
