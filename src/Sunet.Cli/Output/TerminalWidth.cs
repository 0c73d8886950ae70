using System.Runtime.InteropServices;

namespace Sunet.Cli.Output;

/// <summary>How wide the terminal behind standard error is at the moment.</summary>
internal static partial class TerminalWidth
{
    /// <summary>The width where a terminal tells none, in cells.</summary>
    public const int Usual = 80;

    private const int StandardError = 2;
    private const nuint WindowSizeRequest = 0x5413; // TIOCGWINSZ on Linux

    /// <summary>
    /// Asks the terminal itself. <see cref="Console.WindowWidth"/> asks the one of standard output, which may be a file, and keeps the
    /// answer until a signal that only the foreground of a session gets; it also switches the keypad's mode.
    /// </summary>
    public static int OfError()
    {
        if (OperatingSystem.IsLinux())
            return Control(StandardError, WindowSizeRequest, out WindowSize size) == 0 && size.Columns > 0 ? size.Columns : Usual;
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : Usual;
        }
        catch (Exception failure) when (failure is IOException or PlatformNotSupportedException)
        {
            return Usual;
        }
    }

    // Its third argument is variadic, which on Linux is passed as any other.
    [LibraryImport("libc", EntryPoint = "ioctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelWidth;
        public ushort PixelHeight;
    }
}
