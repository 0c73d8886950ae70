using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Sunet.Cli.Commands;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli;

/// <summary>The console host without a console: arguments in, text and an exit code out.</summary>
internal static class CommandLineHost
{
    /// <summary>Runs one command.</summary>
    /// <param name="args">As the shell gives them, without the program's name.</param>
    /// <param name="standardOutput">Takes results.</param>
    /// <param name="standardError">Takes progress, and one line for a failure.</param>
    /// <param name="cancellation">Stops a run; training writes a checkpoint first.</param>
    /// <returns>The process's exit code.</returns>
    public static int Run(
        IReadOnlyList<string> args, TextWriter standardOutput, TextWriter standardError, CancellationToken cancellation) =>
        Run(args, new CommandOutput(standardOutput, standardError), cancellation);

    /// <summary>Runs one command and writes what it says to the given output.</summary>
    public static int Run(IReadOnlyList<string> args, CommandOutput output, CancellationToken cancellation)
    {
        int code = RunCommand(args, output, cancellation);
        if (code != ExitCodes.Success || output.ResultFailure is not { } problem)
            return code;
        output.Error($"Results cannot be written to standard output: {problem.TrimEnd('.')}.");
        return ExitCodes.Data;
    }

    private static int RunCommand(IReadOnlyList<string> args, CommandOutput output, CancellationToken cancellation)
    {
        try
        {
            // An argument that begins with '@' is a name like any other.
            var syntax = new ParserConfiguration { ResponseFileTokenReplacer = null };
            RootCommand root = CreateRoot(output, cancellation);
            ParseResult parsed = root.Parse(args, syntax);
            if (args.Count == 0 || parsed.GetResult(root.Options.OfType<HelpOption>().Single()) is not null)
            {
                output.ResultWriter.Write(HelpText.Of(parsed.CommandResult.Command));
                return ExitCodes.Success;
            }

            if (parsed.Action is ParseErrorAction)
            {
                output.Error($"{Problem(parsed)} See 'sunet {HelpText.PathOf(parsed.CommandResult.Command)}--help'.");
                return ExitCodes.Usage;
            }

            var configuration = new InvocationConfiguration
            {
                Output = output.ResultWriter,
                Error = output.ProgressWriter,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return parsed.Invoke(configuration);
        }
        catch (SunetException failure)
        {
            output.Error(failure.Message);
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (OutOfMemoryException)
        {
            output.Error("The memory does not suffice; use a smaller batch or image.");
            return ExitCodes.Memory;
        }
        catch (Exception failure)
        {
            output.Error($"Internal error, please report it: {failure.GetType().Name}: {failure.Message}");
            if (Environment.GetEnvironmentVariable("SUNET_LOG") is { Length: > 0 })
                output.Trace(failure);
            return ExitCodes.Internal;
        }
    }

    private static RootCommand CreateRoot(CommandOutput output, CancellationToken cancellation) =>
        new("Trains and runs Stacked U-Nets for semantic segmentation.")
        {
            TrainCommand.Create(output, cancellation),
            ValCommand.Create(output, cancellation),
            ReportCommand.Create(output, cancellation),
            CalibrateCommand.Create(output, cancellation),
            PredictCommand.Create(output, cancellation),
            ExportCommand.Create(output, cancellation),
            DataCommand.Create(output, cancellation),
            InfoCommand.Create(output, cancellation),
            BenchCommand.Create(output, cancellation),
            ProfileCommand.Create(output, cancellation),
            DoctorCommand.Create(output),
            SelfTestCommand.Create(output, cancellation),
        };

    /// <summary>What is wrong with what was typed, and what may have been meant.</summary>
    private static string Problem(ParseResult parsed)
    {
        // A word that is no verb also leaves the verb missing; what was typed is what the user has to hear about.
        if (parsed.UnmatchedTokens is not [var word, ..])
            return parsed.Errors[0].Message;
        Command command = parsed.CommandResult.Command;
        string[] hidden = [.. (command as Verb)?.Settings.Where(setting => setting.IsHidden).Select(setting => "--" + setting.Name) ?? []];
        IEnumerable<string> known = word.StartsWith('-')
            ? command.Options.Select(option => option.Name).Except(hidden).Append("--help")
            : command.Subcommands.Select(verb => verb.Name);
        return $"Unrecognized command or argument '{word}'.{DidYouMean.Sentence(word.Split('=')[0], known)}";
    }
}
