using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Cli.Tests.Output;

/// <summary>A terminal that a test holds the other end of.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWriteWithoutControl = 0x102; // O_RDWR | O_NOCTTY on Linux
    private const nuint SetWindowSize = 0x5414; // TIOCSWINSZ on Linux
    private readonly SafeFileHandle handle;
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] buffer = new byte[4096];

    public PseudoTerminal()
    {
        int master = Open(ReadWriteWithoutControl);
        Assert.True(master >= 0, "There is no pseudo-terminal to be had.");
        handle = new SafeFileHandle(master, ownsHandle: true);
        Assert.Equal(0, Grant(master));
        Assert.Equal(0, Unlock(master));
        Path = Marshal.PtrToStringAnsi(NameOf(master))!;
    }

    /// <summary>What a program opens as its terminal.</summary>
    public string Path { get; }

    /// <summary>Makes the terminal that many cells wide, as a user who drags its window does.</summary>
    public void Resize(int columns) => Assert.Equal(
        0, Control((int)handle.DangerousGetHandle(), SetWindowSize, new WindowSize { Rows = 24, Columns = (ushort)columns }));

    /// <summary>Waits for what is written and returns it; null once no program has the terminal open.</summary>
    public string? Read()
    {
        nint count = Read((int)handle.DangerousGetHandle(), buffer, (nuint)buffer.Length);
        if (count <= 0)
            return null;
        var text = new char[buffer.Length + 1];
        return new string(text, 0, decoder.GetChars(buffer, 0, (int)count, text, 0));
    }

    public void Dispose() => handle.Dispose();

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int Open(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int Grant(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int Unlock(int master);

    [LibraryImport("libc", EntryPoint = "ptsname")]
    private static partial nint NameOf(int master);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, in WindowSize size);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, [Out] byte[] buffer, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelWidth;
        public ushort PixelHeight;
    }
}
