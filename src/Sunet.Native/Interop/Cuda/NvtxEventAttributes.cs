using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary><c>nvtxEventAttributes_v2</c>, 48 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvtxEventAttributes
{
    public const ushort CurrentVersion = 3;
    public const int RegisteredMessage = 3;

    public ushort Version;
    public ushort Size;
    public uint Category;
    public int ColorType;
    public uint Color;
    public int PayloadType;
    public int Reserved;
    public ulong Payload;
    public int MessageType;
    public nint Message;
}
