using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>What is to be known of an engine: cuDNN's notes on its numbers and its behaviour, as far as they matter here.</summary>
[Flags]
internal enum CudnnNotes
{
    None = 0,
    UsesTensorCores = 1 << CudnnNumericalNote.TensorCore,
    DownConvertsInputs = 1 << CudnnNumericalNote.DownConvertInputs,
    Nondeterministic = 1 << CudnnNumericalNote.Nondeterministic,

    /// <summary>Its kernel is compiled when a plan is made; beyond the bits of the numerical notes, of which there are few.</summary>
    IsCompiledAtRunTime = 1 << 30,
}
