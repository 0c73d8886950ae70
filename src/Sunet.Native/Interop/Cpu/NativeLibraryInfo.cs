using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_library_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeLibraryInfo
{
    public int Abi;
    public int OneDnnMajor, OneDnnMinor, OneDnnPatch;
    public int ChannelBlock;
    public int BFloat16;
    public int Float16;
    public int MaxThreads;
    public fixed byte Isa[32];
    public fixed byte OneDnnHash[48];
}
