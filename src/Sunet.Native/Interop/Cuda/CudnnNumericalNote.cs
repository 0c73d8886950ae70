namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>cudnnBackendNumericalNote_t</c> that we look at.</summary>
internal enum CudnnNumericalNote
{
    TensorCore = 0,
    DownConvertInputs = 1,
    Nondeterministic = 4,
}
