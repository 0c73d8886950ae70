using System.Diagnostics;
using Sunet.Cli.Output;

namespace Sunet.Cli.Tests;

/// <summary>What a command returned and said.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CommandResult(int Code, string Output, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a command in this process.</summary>
    public static CommandResult Of(params string[] args) => Of(CancellationToken.None, args);

    public static CommandResult Of(CancellationToken cancellation, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = CommandLineHost.Run(args, output, error, cancellation);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command in this process and cancels it as soon as it has said something.</summary>
    public static CommandResult CancelledAt(string text, params string[] args)
    {
        using var source = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new ListeningWriter(line =>
        {
            if (line.Contains(text, StringComparison.Ordinal))
                source.Cancel();
        });
        int code = CommandLineHost.Run(args, new CommandOutput(output, error) { LogInterval = TimeSpan.Zero }, source.Token);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs the program as a process of its own.</summary>
    public static CommandResult OfProcess(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        OfProgram(Program, environment, args);

    /// <summary>Runs a copy of the program.</summary>
    public static CommandResult OfProgram(string program, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        using Process process = Start(program, environment, args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output.Result, error);
    }

    /// <summary>Starts the program as a process of its own.</summary>
    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] args) => Start(Program, environment, args);

    private static Process Start(string program, IReadOnlyDictionary<string, string> environment, string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>The program.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "sunet");

    private sealed class ListeningWriter(Action<string> heard) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            heard(value ?? "");
        }
    }
}
