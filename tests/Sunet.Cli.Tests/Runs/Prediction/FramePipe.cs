using System.Diagnostics;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>The program between two pipes: bytes in, bytes out.</summary>
internal sealed class FramePipe : IDisposable
{
    private readonly Task<string> error;

    private FramePipe(Process process)
    {
        Process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    public Process Process { get; }

    public Stream Input => Process.StandardInput.BaseStream;

    public Stream Output => Process.StandardOutput.BaseStream;

    /// <summary>What the program said, once it has ended.</summary>
    public string Error => error.GetAwaiter().GetResult();

    public static FramePipe Start(params string[] args) => new(Process.Start(new ProcessStartInfo(CommandResult.Program, args)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!);

    /// <summary>Gives the program all of its input, and takes what comes of it.</summary>
    public static (int Code, byte[] Output, string Error) Run(byte[] input, params string[] args)
    {
        using FramePipe pipe = Start(args);
        Task writing = Task.Run(() =>
        {
            try
            {
                pipe.Input.Write(input);
                pipe.Input.Close();
            }
            catch (IOException)
            {
                // The program has ended before its input, which its exit code tells.
            }
        });
        byte[] output = pipe.ReadToEnd();
        writing.GetAwaiter().GetResult();
        return (pipe.Wait(), output, pipe.Error);
    }

    public void Write(byte[] bytes)
    {
        Input.Write(bytes);
        Input.Flush();
    }

    public byte[] Read(int count)
    {
        var bytes = new byte[count];
        Output.ReadExactly(bytes);
        return bytes;
    }

    public byte[] ReadToEnd()
    {
        using var all = new MemoryStream();
        Output.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public int Wait()
    {
        Process.WaitForExit();
        return Process.ExitCode;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
            Process.Kill();
        Process.Dispose();
    }
}
