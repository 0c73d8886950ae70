using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sunet.Native;

namespace Sunet.Cli.Output;

/// <summary>
/// Standard output and standard error. A process may be started without them (<c>2&gt;&amp;-</c>); their numbers then go to the next files
/// that are opened, which would take what is meant for the stream.
/// </summary>
internal sealed class StandardStreams
{
    private const int InputNumber = 0, OutputNumber = 1, ErrorNumber = 2;
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

    /// <summary>Standard input for bytes.</summary>
    /// <exception cref="ConfigurationException">It is a terminal.</exception>
    /// <exception cref="DataException">The process was started without it.</exception>
    public static Stream OpenInput()
    {
        if (!IsInherited(InputNumber))
            throw new DataException("Standard input cannot be read: it is closed.");
        return Console.IsInputRedirected
            ? Console.OpenStandardInput()
            : throw new ConfigurationException("Standard input is a terminal; frames come by a pipe, as in 'ffmpeg ... | sunet ...'.");
    }

    /// <summary>
    /// Standard output for bytes. Unlike .NET's own stream, it says so where nobody reads any longer, with the system's error number.
    /// </summary>
    /// <exception cref="ConfigurationException">It is a terminal.</exception>
    /// <exception cref="DataException">The process was started without it.</exception>
    public static Stream OpenOutput()
    {
        if (!IsInherited(OutputNumber))
            throw new DataException("Results cannot be written to standard output: It is closed.");
        return Console.IsOutputRedirected
            ? OpenForBytes()
            : throw new ConfigurationException("Standard output is a terminal; frames go to a pipe or a file, as in 'sunet ... | ffmpeg'.");
    }

    private static Stream OpenForBytes()
    {
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        return new FileStream(new SafeFileHandle(OutputNumber, ownsHandle: false), FileAccess.Write, bufferSize: 0);
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
