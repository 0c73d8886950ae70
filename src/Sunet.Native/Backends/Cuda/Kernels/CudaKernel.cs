namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>One kernel, ready to launch while its <see cref="CudaKernels"/> lives.</summary>
/// <param name="Name">Its exported name.</param>
/// <param name="Function">The driver's handle.</param>
/// <param name="MaxThreads">The largest block it may be launched with.</param>
/// <param name="Registers">Registers a thread takes.</param>
/// <param name="LocalBytes">Bytes a thread spills to memory; 0 is wanted.</param>
internal sealed record CudaKernel(string Name, nint Function, int MaxThreads, int Registers, int LocalBytes);
