using System.Text;

namespace Sunet.Native.Interop.Cuda;

/// <summary>
/// Named ranges for NVIDIA's profilers, in the domain <c>Sunet</c>. Off until <see cref="TryEnable"/>; then a push costs a dictionary
/// lookup and a call. A text is registered once and kept until <see cref="Disable"/>.
/// </summary>
internal static unsafe class NvtxRanges
{
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
                    domain = Nvtx.DomainCreate(name);
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
            Nvtx.DomainDestroy(domain);
            domain = 0;
            Registered.Clear();
        }
    }

    /// <summary>Opens a range on this thread.</summary>
    public static void Push(string name)
    {
        if (!enabled)
            return;
        NvtxEventAttributes attributes = new()
        {
            Version = NvtxEventAttributes.CurrentVersion,
            Size = (ushort)sizeof(NvtxEventAttributes),
            MessageType = NvtxEventAttributes.RegisteredMessage,
            Message = Text(name),
        };
        _ = Nvtx.DomainRangePush(domain, &attributes);
    }

    /// <summary>Closes the range this thread opened last.</summary>
    public static void Pop()
    {
        if (enabled)
            _ = Nvtx.DomainRangePop(domain);
    }

    private static nint Text(string name)
    {
        lock (Gate)
        {
            if (Registered.TryGetValue(name, out nint known))
                return known;
            fixed (byte* text = Terminated(name))
            {
                nint registered = Nvtx.DomainRegisterString(domain, text);
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
}
