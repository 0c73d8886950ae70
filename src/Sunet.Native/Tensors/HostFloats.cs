using System.Runtime.InteropServices;

namespace Sunet.Native.Tensors;

/// <summary>Working memory for large tensors that goes back to the system at once, rather than when the collector comes to it.</summary>
/// <param name="count">How many floats; 0 for none.</param>
internal sealed unsafe class HostFloats(int count) : IDisposable
{
    private float* start = (float*)NativeMemory.Alloc((nuint)count, sizeof(float));

    /// <summary>The floats, uninitialised; valid until disposed.</summary>
    public Span<float> Span => new(start, count);

    public void Dispose()
    {
        NativeMemory.Free(start);
        start = null;
    }
}
