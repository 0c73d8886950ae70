using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_argument</c>.</summary>
internal enum NativeArgument
{
    Source = 0,
    Weights = 1,
    Bias = 2,
    Destination = 3,
    Scratch = 4,
    Mean = 5,
    Variance = 6,
    Gamma = 7,
    Beta = 8,
}
