using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cuda;

/// <summary>The entry points of NVTX that we call.</summary>
internal static unsafe partial class Nvtx
{
    /// <summary>The name the resolver knows.</summary>
    public const string Library = "nvtx";

    /// <summary>Everything below; a library that lacks one is as good as absent.</summary>
    public static readonly string[] EntryPoints =
        ["nvtxDomainCreateA", "nvtxDomainDestroy", "nvtxDomainRegisterStringA", "nvtxDomainRangePushEx", "nvtxDomainRangePop"];

    [LibraryImport(Library, EntryPoint = "nvtxDomainCreateA")]
    public static partial nint DomainCreate(byte* name);

    [LibraryImport(Library, EntryPoint = "nvtxDomainDestroy")]
    public static partial void DomainDestroy(nint domain);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRegisterStringA")]
    public static partial nint DomainRegisterString(nint domain, byte* text);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePushEx")]
    public static partial int DomainRangePush(nint domain, NvtxEventAttributes* attributes);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePop")]
    public static partial int DomainRangePop(nint domain);
}
