using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>
/// One descriptor of cuDNN's graph interface: create, set attributes, finalize, then use it or read attributes. Plans reach into the
/// device, so they are finalized and disposed with the device entered. The holder of a descriptor also holds those it refers to.
/// </summary>
internal sealed unsafe class CudnnDescriptor : CudaHandle
{
    private CudnnDescriptor(CudnnDescriptorType type, nint raw)
    {
        Type = type;
        SetHandle(raw);
    }

    /// <summary>What it describes.</summary>
    public CudnnDescriptorType Type { get; }

    /// <summary>Creates an empty descriptor. The caller disposes it.</summary>
    /// <exception cref="BackendException">cuDNN failed.</exception>
    public static CudnnDescriptor Create(CudnnDescriptorType type)
    {
        int result = Cudnn.CreateDescriptor(type, out nint raw);
        if (result != 0)
            CudnnStatus.ThrowIfFailed(result, $"cudnnBackendCreateDescriptor({type})");
        return new CudnnDescriptor(type, raw);
    }

    /// <summary>Sets an attribute to several elements, each as the C type of <paramref name="type"/> lies in memory.</summary>
    /// <returns>This descriptor.</returns>
    /// <exception cref="BackendException">cuDNN refused; the sentence names descriptor and attribute.</exception>
    public CudnnDescriptor Set<T>(CudnnAttribute attribute, CudnnAttributeType type, ReadOnlySpan<T> elements) where T : unmanaged
    {
        fixed (T* first = elements)
        {
            int result = Cudnn.SetAttribute(handle, attribute, type, elements.Length, first);
            if (result != 0)
                CudnnStatus.ThrowIfFailed(result, $"cudnnBackendSetAttribute({Type}.{attribute})");
        }

        return this;
    }

    /// <summary>Sets an attribute of one element.</summary>
    public CudnnDescriptor Set<T>(CudnnAttribute attribute, CudnnAttributeType type, T element) where T : unmanaged =>
        Set(attribute, type, new ReadOnlySpan<T>(in element));

    public CudnnDescriptor Set(CudnnAttribute attribute, params ReadOnlySpan<long> elements) =>
        Set(attribute, CudnnAttributeType.Int64, elements);

    public CudnnDescriptor Set(CudnnAttribute attribute, bool element) =>
        Set(attribute, CudnnAttributeType.Boolean, element ? (byte)1 : (byte)0);

    public CudnnDescriptor Set(CudnnAttribute attribute, float element) => Set(attribute, CudnnAttributeType.Float, element);

    public CudnnDescriptor Set(CudnnAttribute attribute, CudnnDataType element) => Set(attribute, CudnnAttributeType.DataType, element);

    public CudnnDescriptor Set(CudnnAttribute attribute, CudnnHandle handle) => Set(attribute, CudnnAttributeType.Handle, handle.Raw);

    public CudnnDescriptor Set(CudnnAttribute attribute, CudnnDescriptor element) =>
        Set(attribute, CudnnAttributeType.BackendDescriptor, element.Raw);

    /// <summary>Sets an attribute to descriptors, which must outlive this one.</summary>
    public CudnnDescriptor Set(CudnnAttribute attribute, ReadOnlySpan<CudnnDescriptor> elements)
    {
        Span<nint> raw = elements.Length <= 32 ? stackalloc nint[elements.Length] : new nint[elements.Length];
        for (int i = 0; i < elements.Length; i++)
            raw[i] = elements[i].Raw;
        return Set<nint>(attribute, CudnnAttributeType.BackendDescriptor, raw);
    }

    /// <summary>Checks what was set and makes the descriptor usable; nothing can be set afterwards.</summary>
    /// <param name="layer">The op kind and layer at work, for the error's sentence.</param>
    /// <returns>This descriptor.</returns>
    /// <exception cref="BackendException">cuDNN refused.</exception>
    public CudnnDescriptor Finalize(string? layer = null)
    {
        int result = TryFinalize();
        if (result != 0)
            CudnnStatus.ThrowIfFailed(result, $"cudnnBackendFinalize({Type})", layer);
        return this;
    }

    /// <summary>Finalizes where a refusal is nothing unusual: gives the <see cref="CudnnResult"/>.</summary>
    public int TryFinalize() => Cudnn.FinalizeDescriptor(handle);

    /// <summary>Reads an attribute of one 64-bit integer.</summary>
    public long GetInt64(CudnnAttribute attribute)
    {
        long value = 0;
        int result = Cudnn.GetAttribute(handle, attribute, CudnnAttributeType.Int64, 1, out _, &value);
        ThrowIfNotGot(result, attribute);
        return value;
    }

    /// <summary>Reads an attribute of any number of elements.</summary>
    public T[] GetValues<T>(CudnnAttribute attribute, CudnnAttributeType type) where T : unmanaged
    {
        ThrowIfNotGot(Cudnn.GetAttribute(handle, attribute, type, 0, out long count, null), attribute);
        if (count <= 0)
            return [];
        T[] values = new T[count];
        fixed (T* first = values)
            ThrowIfNotGot(Cudnn.GetAttribute(handle, attribute, type, count, out count, first), attribute);
        return count < values.Length ? values[..(int)count] : values;
    }

    /// <summary>Reads an attribute of one descriptor. The caller disposes the result.</summary>
    public CudnnDescriptor GetDescriptor(CudnnAttribute attribute, CudnnDescriptorType type)
    {
        CudnnDescriptor target = Create(type);
        try
        {
            nint raw = target.Raw;
            ThrowIfNotGot(Cudnn.GetAttribute(handle, attribute, CudnnAttributeType.BackendDescriptor, 1, out _, &raw), attribute);
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>Reads an attribute of any number of descriptors. The caller disposes the results.</summary>
    public CudnnDescriptor[] GetDescriptors(CudnnAttribute attribute, CudnnDescriptorType type)
    {
        // cuDNN fills in descriptors that the caller created, so it is asked for their number first.
        ThrowIfNotGot(Cudnn.GetAttribute(handle, attribute, CudnnAttributeType.BackendDescriptor, 0, out long wanted, null), attribute);
        List<CudnnDescriptor> created = new((int)Math.Max(0, wanted));
        try
        {
            nint[] raw = new nint[created.Capacity];
            for (int i = 0; i < raw.Length; i++)
            {
                created.Add(Create(type));
                raw[i] = created[i].Raw;
            }

            long filled = 0;
            fixed (nint* first = raw)
            {
                if (raw.Length > 0)
                {
                    int result = Cudnn.GetAttribute(
                        handle, attribute, CudnnAttributeType.BackendDescriptor, raw.Length, out filled, first);
                    ThrowIfNotGot(result, attribute);
                }
            }

            DisposeFrom(created, (int)Math.Clamp(filled, 0, created.Count));
            return [.. created];
        }
        catch
        {
            DisposeFrom(created, 0);
            throw;
        }
    }

    protected override bool ReleaseHandle() => Released(Cudnn.DestroyDescriptor(handle));

    private static void DisposeFrom(List<CudnnDescriptor> descriptors, int first)
    {
        foreach (CudnnDescriptor descriptor in descriptors.Skip(first))
            descriptor.Dispose();
        descriptors.RemoveRange(first, descriptors.Count - first);
    }

    private void ThrowIfNotGot(int result, CudnnAttribute attribute)
    {
        if (result != 0)
            CudnnStatus.ThrowIfFailed(result, $"cudnnBackendGetAttribute({Type}.{attribute})");
    }
}
