using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Cli.Output;

/// <summary>
/// Standard output and standard error. A process may be started without them (<c>2&gt;&amp;-</c>); their numbers then go to the next files
/// that are opened, which would take what is meant for the stream.
/// </summary>
internal sealed class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2;
    private const int CloseOnExec = 0x80000; // O_CLOEXEC on Linux

    // Kept open as long as the process lives.
    private static readonly List<SafeFileHandle> Placeholders = [];

    private StandardStreams(TextWriter output, TextWriter error) => (Output, Error) = (output, error);

    /// <summary>Takes results.</summary>
    public TextWriter Output { get; }

    /// <summary>Takes progress and failures.</summary>
    public TextWriter Error { get; }

    /// <summary>Finds the streams. It comes before any file is opened.</summary>
    public static StandardStreams Open()
    {
        bool hasOutput = IsInherited(OutputNumber), hasError = IsInherited(ErrorNumber);
        if (!hasOutput || !hasError)
            OccupyNumbers();
        return new StandardStreams(hasOutput ? Console.Out : new ClosedWriter(), hasError ? Console.Error : new ClosedWriter());
    }

    /// <summary>
    /// Whether a descriptor was there when the process began, and is not one that the runtime has opened since: those are closed where a
    /// program is executed, so that none with that flag can have been inherited.
    /// </summary>
    private static bool IsInherited(int number)
    {
        const string Descriptors = "/proc/self/fdinfo", Flags = "flags:";
        if (!Directory.Exists(Descriptors))
            return true;
        try
        {
            string path = Path.Combine(Descriptors, number.ToString(CultureInfo.InvariantCulture));
            string? line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith(Flags, StringComparison.Ordinal));
            return line is null || (Convert.ToInt32(line[Flags.Length..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Opens files that nothing is lost in, until the numbers of the standard streams are taken.</summary>
    private static void OccupyNumbers()
    {
        SafeFileHandle handle;
        do
        {
            handle = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            Placeholders.Add(handle);
        }
        while (handle.DangerousGetHandle() <= ErrorNumber);
    }
}
