using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Where a primitive wants its data: oneDNN's memory description.</summary>
internal sealed class CpuFormatHandle : CpuHandle
{
    /// <summary>The bytes data in this format takes, rounded-up channels included.</summary>
    public long Bytes => (long)SunetCpu.FormatBytes(this);

    /// <summary>Creates the format of a tensor whose layout is not Any; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">The tensor contradicts itself.</exception>
    /// <exception cref="BackendException">The library is missing or failed.</exception>
    public static unsafe CpuFormatHandle Create(in NativeTensor tensor)
    {
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.FormatCreate(tensor, out CpuFormatHandle format, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return format;
    }

    /// <summary>Whether data in one format can be read as the other.</summary>
    public bool IsSameAs(CpuFormatHandle other) => SunetCpu.FormatEqual(this, other) != 0;

    /// <summary>oneDNN's short name, such as <c>aBcd16b</c>.</summary>
    public unsafe string Describe()
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage name = new(text, NativeMessage.Size);
        SunetCpu.FormatDescribe(this, ref name);
        return name.ToString();
    }

    protected override bool ReleaseHandle()
    {
        SunetCpu.FormatDestroy(handle);
        return true;
    }
}
