using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_layout</c>: how [N, C, H, W] lie in memory.</summary>
internal enum NativeLayout
{
    Plain = 0,
    Blocked8 = 1,
    Blocked16 = 2,
    Nhwc = 3,
    Any = 4,
    Weights16 = 5,
}
