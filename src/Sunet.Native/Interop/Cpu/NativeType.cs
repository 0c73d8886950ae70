using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_type</c>.</summary>
internal enum NativeType
{
    Float32 = 0,
    BFloat16 = 1,
    Int32 = 2,
    UInt8 = 3,
}
