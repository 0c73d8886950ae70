using System.CommandLine;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Bench.Guard;

/// <summary><c>Sunet.Bench guard</c>: measures what must not become worse, and fails where it has.</summary>
internal static class GuardCommand
{
    /// <summary>The first argument that means it.</summary>
    public const string Verb = "guard";

    /// <summary>Runs the checks and prints a table.</summary>
    /// <param name="args">Behind the verb.</param>
    /// <param name="checks">What is checked.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <returns>The exit code: 0 if all bars are held, 1 if one is not or an argument is wrong, else that of what failed.</returns>
    public static int Run(string[] args, IReadOnlyList<Check> checks, CommandOutput output, CancellationToken cancellation)
    {
        string groups = string.Join(", ", checks.Select(c => c.Bar.Group).Distinct());
        Setting[] settings =
        [
            Setting.Value("only", $"groups to check, separated by commas: {groups}"),
            Setting.Switch("quick", "fewer repetitions and smaller images"),
        ];
        try
        {
            Command command = SettingCommand.Create(Verb, "Measures what must not become worse.", settings, values =>
            {
                using var fixture = new GuardFixture(values.Flag("quick"), cancellation);
                return Measure(Chosen(checks, values.TextOrNull("only"), groups), fixture, output);
            });
            ParseResult parsed = command.Parse(args);
            if (parsed.Errors.Count > 0)
                throw new ConfigurationException(parsed.Errors[0].Message);
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output.ResultWriter,
                Error = output.ProgressWriter,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (SunetException failure)
        {
            output.Error(failure.Message);
            return failure.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private static IReadOnlyList<Check> Chosen(IReadOnlyList<Check> checks, string? only, string groups)
    {
        string[] wanted = only?.Split(',') ?? [];
        return wanted.FirstOrDefault(name => !checks.Any(c => c.Bar.Group == name)) is { } unknown
            ? throw new ConfigurationException($"There is nothing called '{unknown}' to check; '--only' takes {groups}.")
            : [.. checks.Where(c => wanted.Length == 0 || wanted.Contains(c.Bar.Group))];
    }

    private static int Measure(IReadOnlyList<Check> checks, GuardFixture fixture, CommandOutput output)
    {
        var table = new TextTable("group", "work", ">figure", ">bar", ">slack %", "held");
        int lost = 0;
        double? distanceBefore = CoreDistance.Nanoseconds();
        foreach ((Bar bar, Func<GuardFixture, double?> measure) in checks)
        {
            output.Progress($"{bar.Group}: {bar.Work}");
            double? figure = measure(fixture);
            bool held = figure is not { } known || bar.Holds(known);
            lost += held ? 0 : 1;
            table.Add(bar.Group, bar.Work, figure is { } shown ? bar.Text(shown) : "", bar.LimitText, Numbers.Fixed(100 * bar.Slack, 1),
                figure is null ? "cannot be told here" : held ? "yes" : "NO");
        }

        output.Table(table);
        if (distanceBefore is { } before && CoreDistance.Nanoseconds() is { } after)
            output.Result(
                $"a cache line to another thread and back: {Numbers.Fixed(before, 0)} ns before, {Numbers.Fixed(after, 0)} ns after");
        output.Result(lost == 0 ? "every bar is held" : $"{lost} of {checks.Count} bars are not held");
        return lost == 0 ? ExitCodes.Success : ExitCodes.Usage;
    }
}
