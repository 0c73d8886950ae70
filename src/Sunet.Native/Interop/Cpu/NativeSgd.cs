using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_sgd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeSgd
{
    public float LearningRate, Momentum, Dampening, WeightDecay;
    public float GradientScale;
    public int Nesterov;
}
