using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// The fully connected layer and its gradients: the convolutions that they are on images of one pixel, whose weights [O, I] lie as
/// [O, I, 1, 1] do, so cuBLASLt's products and cuDNN's engines serve both.
/// </summary>
internal sealed class CudaLinear : PreparedCall
{
}
