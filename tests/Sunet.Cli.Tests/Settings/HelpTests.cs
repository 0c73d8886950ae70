namespace Sunet.Cli.Tests.Settings;

/// <summary>Help that fits a terminal, is in groups, and has examples that the program takes.</summary>
public sealed class HelpTests
{
    /// <summary>Every verb, by the words that lead to it.</summary>
    public static TheoryData<string> Verbs =>
    [
        "train", "val", "report", "calibrate", "predict", "export", "data synth", "data check", "data convert", "info", "bench",
        "bench compare", "profile", "doctor", "selftest",
    ];

    [Fact]
    public void NoArguments_Always_PrintsTheHelp()
    {
        CommandResult result = CommandResult.Of();
        Assert.Equal(new CommandResult(0, CommandResult.Of("--help").Output, ""), result);
        Assert.All(Verbs, verb => Assert.Contains($"\n  {verb.Data.Split(' ')[0]} ", result.Output, StringComparison.Ordinal));
        Assert.Equal("usage: sunet <verb> [options]", result.Output.Split('\n')[2]);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    [InlineData("")]
    [InlineData("data")]
    public void Help_OfAnyVerb_FitsEightyColumns(string verb)
    {
        CommandResult result = CommandResult.Of([.. Words(verb), "--help"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.All(result.Output.Split('\n'), line =>
        {
            Assert.InRange(line.Length, 0, 79);
            Assert.Equal(line.TrimEnd(), line);
        });
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_OfAnyVerb_HasExamplesThatAreParsed(string verb)
    {
        string[] lines = CommandResult.Of([.. Words(verb), "--help"]).Output.Split('\n');
        string[] examples = [.. lines.Where(line => line.StartsWith("  sunet ", StringComparison.Ordinal))];
        Assert.InRange(examples.Length, 1, 3);
        Assert.All(examples, example =>
        {
            Assert.StartsWith($"  sunet {verb}", example, StringComparison.Ordinal);

            // With help asked for, what is unknown would still be an unmatched word, and a value that is missing an error.
            string[] args = [.. Words(example).Skip(1).Select(word => word.Trim('\''))];
            CommandResult unknown = CommandResult.Of([.. args, "--no-such-option"]);
            Assert.Contains("'--no-such-option'", Assert.Single(unknown.ErrorLines), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Help_OfTrain_StandsInGroupsInOrder()
    {
        string help = CommandResult.Of("train", "--help").Output;
        string[] headings =
            ["examples", "data", "run", "model", "input", "optimisation", "augmentation", "loading", "device", "output", "help"];
        int[] places = [.. headings.Select(heading => help.IndexOf($"\n\n{heading}:\n", StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.InRange(help.IndexOf("  --lr ", StringComparison.Ordinal), places[5], places[6]);
        Assert.InRange(help.IndexOf("  --no-flip", StringComparison.Ordinal), places[6], places[7]);
        Assert.Contains("(required, but for --config or --resume)", help, StringComparison.Ordinal);
    }

    /// <summary>What help calls required is what the verb asks for where nothing is given, and no more.</summary>
    [Theory]
    [InlineData("val", "data", "weights")]
    [InlineData("calibrate", "data", "weights", "out")]
    [InlineData("predict", "weights", "source")]
    [InlineData("export", "weights")]
    [InlineData("data synth", "out")]
    [InlineData("data check", "data")]
    [InlineData("data convert", "data", "out")]
    public void Help_RequiredOptions_AreThoseThatAreMissed(string verb, params string[] required)
    {
        string[] words = Words(verb);
        string help = CommandResult.Of([.. words, "--help"]).Output;
        Assert.Equal(required.Length, help.Split("(required)").Length - 1);
        foreach (string name in required)
        {
            string[] others = [.. required.Where(other => other != name).SelectMany(other => new[] { "--" + other, "none" })];
            CommandResult result = CommandResult.Of([.. words, .. others]);
            Assert.Equal(1, result.Code);
            Assert.Equal([$"sunet: '--{name}' is missing; it is needed."], result.ErrorLines);
        }
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
