using System.Runtime.InteropServices;
using System.Text;

namespace Sunet.Native.Interop.Cuda;

/// <summary>
/// Named ranges for NVIDIA's profilers, in the domain <c>Sunet</c>. Off until <see cref="TryEnable"/>; then a push costs a dictionary
/// lookup and a call. A text is registered once and kept until <see cref="Disable"/>.
/// </summary>
internal static unsafe partial class Nvtx
{
    /// <summary>The name the resolver knows.</summary>
    public const string Library = "nvtx";

    /// <summary>Everything below; a library that lacks one is as good as absent.</summary>
    public static readonly string[] EntryPoints =
        ["nvtxDomainCreateA", "nvtxDomainDestroy", "nvtxDomainRegisterStringA", "nvtxDomainRangePushEx", "nvtxDomainRangePop"];

    private const string DomainName = "Sunet";

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Registered = new(StringComparer.Ordinal);
    private static nint domain;
    private static volatile bool enabled;

    /// <summary>Whether ranges are recorded.</summary>
    public static bool IsEnabled => enabled;

    /// <summary>Turns ranges on; false if the library is not there.</summary>
    public static bool TryEnable()
    {
        if (!CudaLibraries.TryLoadNvtx())
            return false;
        lock (Gate)
        {
            if (domain == 0)
            {
                fixed (byte* name = Terminated(DomainName))
                    domain = DomainCreate(name);
            }
        }

        enabled = true;
        return true;
    }

    /// <summary>Turns ranges off and forgets the texts; call it where no range is open and no thread is about to open one.</summary>
    public static void Disable()
    {
        enabled = false;
        lock (Gate)
        {
            if (domain == 0)
                return;
            DomainDestroy(domain);
            domain = 0;
            Registered.Clear();
        }
    }

    /// <summary>Opens a range on this thread.</summary>
    public static void Push(string name)
    {
        if (!enabled)
            return;
        EventAttributes attributes = new()
        {
            Version = EventAttributes.CurrentVersion,
            Size = (ushort)sizeof(EventAttributes),
            MessageType = EventAttributes.RegisteredMessage,
            Message = Text(name),
        };
        _ = DomainRangePush(domain, &attributes);
    }

    /// <summary>Closes the range this thread opened last.</summary>
    public static void Pop()
    {
        if (enabled)
            _ = DomainRangePop(domain);
    }

    private static nint Text(string name)
    {
        lock (Gate)
        {
            if (Registered.TryGetValue(name, out nint known))
                return known;
            fixed (byte* text = Terminated(name))
            {
                nint registered = DomainRegisterString(domain, text);
                Registered.Add(name, registered);
                return registered;
            }
        }
    }

    private static byte[] Terminated(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    [LibraryImport(Library, EntryPoint = "nvtxDomainCreateA")]
    private static partial nint DomainCreate(byte* name);

    [LibraryImport(Library, EntryPoint = "nvtxDomainDestroy")]
    private static partial void DomainDestroy(nint domain);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRegisterStringA")]
    private static partial nint DomainRegisterString(nint domain, byte* text);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePushEx")]
    private static partial int DomainRangePush(nint domain, EventAttributes* attributes);

    [LibraryImport(Library, EntryPoint = "nvtxDomainRangePop")]
    private static partial int DomainRangePop(nint domain);

    /// <summary><c>nvtxEventAttributes_v2</c>, 48 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct EventAttributes
    {
        public const ushort CurrentVersion = 3;
        public const int RegisteredMessage = 3;

        public ushort Version;
        public ushort Size;
        public uint Category;
        public int ColorType;
        public uint Color;
        public int PayloadType;
        public int Reserved;
        public ulong Payload;
        public int MessageType;
        public nint Message;
    }
}
