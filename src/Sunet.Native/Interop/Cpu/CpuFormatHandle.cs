using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Where a primitive wants its data: oneDNN's memory description.</summary>
internal sealed partial class CpuFormatHandle : CpuHandle
{
    /// <summary>The bytes data in this format takes, rounded-up channels included.</summary>
    public long Bytes => (long)FormatBytes(this);

    /// <summary>Creates the format of a tensor whose layout is not Any; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">The tensor contradicts itself.</exception>
    /// <exception cref="BackendException">The library is missing or failed.</exception>
    public static unsafe CpuFormatHandle Create(in NativeTensor tensor)
    {
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = FormatCreate(tensor, out CpuFormatHandle format, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return format;
    }

    /// <summary>Whether data in one format can be read as the other.</summary>
    public bool IsSameAs(CpuFormatHandle other) => FormatEqual(this, other) != 0;

    /// <summary>oneDNN's short name, such as <c>aBcd16b</c>.</summary>
    public unsafe string Describe()
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage name = new(text, NativeMessage.Size);
        FormatDescribe(this, ref name);
        return name.ToString();
    }

    protected override bool ReleaseHandle()
    {
        FormatDestroy(handle);
        return true;
    }

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_format_create")]
    private static partial int FormatCreate(in NativeTensor tensor, out CpuFormatHandle format, ref NativeMessage message);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_format_destroy")]
    private static partial void FormatDestroy(nint format);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_format_bytes")]
    private static partial nuint FormatBytes(CpuFormatHandle format);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_format_equal")]
    private static partial int FormatEqual(CpuFormatHandle a, CpuFormatHandle b);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_format_describe")]
    private static partial void FormatDescribe(CpuFormatHandle format, ref NativeMessage name);
}
