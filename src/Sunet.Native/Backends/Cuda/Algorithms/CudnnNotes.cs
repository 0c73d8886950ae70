using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>What an engine's numbers are like: cuDNN's numerical notes, as far as they matter here.</summary>
[Flags]
internal enum CudnnNotes
{
    None = 0,
    UsesTensorCores = 1 << CudnnNumericalNote.TensorCore,
    DownConvertsInputs = 1 << CudnnNumericalNote.DownConvertInputs,
    Nondeterministic = 1 << CudnnNumericalNote.Nondeterministic,
}
