using System.CommandLine;
using System.CommandLine.Parsing;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting;
using Sunet.Cli.Settings;

namespace Sunet.Cli.Commands;

/// <summary><c>sunet report</c>.</summary>
internal static class ReportCommand
{
    private static readonly Setting[] Settings =
    [
        Setting.Value("data", "where the data set is now (default: where the run has it)"),
        Setting.Value("out", $"the file to write (default: {RunReport.FileName} in the run's folder; for several runs in the current one)"),
        .. DeviceSettings.Settings,
        Setting.Switch("quiet", "no progress"),
    ];

    public static Command Create(CommandOutput output, CancellationToken cancellation)
    {
        var runs = new Argument<string[]>("run")
        {
            Description = "the folder of a training run; several are compared on one page",
            Arity = ArgumentArity.OneOrMore,
        };
        runs.Validators.Add(RefuseOptions);
        return SettingCommand.Create(
            "report", "Shows training runs on a page: curves, scores, images.", Settings, runs, (values, folders) =>
            {
                ReportRun.Execute(folders, values, output, cancellation);
                return ExitCodes.Success;
            })
            .WithExamples(
                "report runs/train/exp",
                "report runs/train/exp --data /mnt/camvid",
                "report runs/train/exp runs/train/exp2 --out compared.html")
            .WithRemarks(Evaluation.Definition);
    }

    /// <summary>Refuses a word that was meant as an option: an argument of any number of words takes whatever is no option.</summary>
    private static void RefuseOptions(ArgumentResult result)
    {
        if (result.Tokens.Select(token => token.Value).FirstOrDefault(word => word.StartsWith('-')) is not { } word)
            return;
        IEnumerable<string> known = ((CommandResult)result.Parent!).Command.Options.Where(option => !option.Hidden)
            .Select(option => option.Name);
        result.AddError($"Unrecognized command or argument '{word}'.{DidYouMean.Sentence(word.Split('=')[0], known)}");
    }
}
