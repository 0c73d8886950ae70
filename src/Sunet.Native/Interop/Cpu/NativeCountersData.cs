using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_counters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeCountersData
{
    public long OutstandingBytes, OutstandingHandles, Allocations;
}
