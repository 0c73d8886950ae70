namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>A tensor of a <see cref="CudnnGraph"/> that is given memory when the graph runs.</summary>
/// <param name="Id">The tensor's number within the graph.</param>
/// <param name="Operand">Which of the problem's operands it is.</param>
internal readonly record struct CudnnBinding(long Id, int Operand);
