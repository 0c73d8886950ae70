using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_message</c>: the caller's buffer for one zero-terminated UTF-8 sentence.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage(byte* text, int capacity)
{
    /// <summary>What the library's sentences fit in.</summary>
    public const int Size = 512;

    public byte* Text = text;
    public int Capacity = capacity;

    public override readonly string ToString() => Marshal.PtrToStringUTF8((nint)Text) ?? "";
}
