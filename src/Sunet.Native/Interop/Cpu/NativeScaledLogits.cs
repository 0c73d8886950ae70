using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_scaled_logits</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeScaledLogits
{
    public NativeTensor Tensor;
    public void* Logits;
    public int Height;
    public int Width;
    public int Mirrored;
}
