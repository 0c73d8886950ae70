namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>The time in which a device's context is current on a thread.</summary>
/// <param name="context">The context, which is current already.</param>
internal readonly ref struct DeviceScope(CudaContext context)
{
    /// <summary>Makes what was current before current again.</summary>
    public void Dispose() => context.Pop();
}
