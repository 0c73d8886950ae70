namespace Sunet.Cli.Tests.Runs.Files;

/// <summary>Verbs on a data set take it as their argument, and as <c>--data</c> like the verbs that train and measure.</summary>
public sealed class DataArgumentTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Check_EitherWay_ChecksTheSame()
    {
        CommandResult plain = CommandResult.Of("data", "check", runs.Data, "--quiet");
        CommandResult named = CommandResult.Of("data", "check", "--data", runs.Data, "--quiet");
        Assert.Equal((0, 0), (plain.Code, named.Code));
        Assert.Equal(plain.Output, named.Output);
    }

    [Fact]
    public void Convert_EitherWay_Converts()
    {
        Assert.Equal(0, CommandResult.Of("data", "convert", runs.Data, "--out", folder["plain"]).Code);
        Assert.Equal(0, CommandResult.Of("data", "convert", "--data", runs.Data, "--out", folder["named"]).Code);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("convert")]
    public void Verb_NoDataOrTwice_SaysWhatIsMeant(string verb)
    {
        string[] rest = verb == "convert" ? ["--out", folder["out"]] : [];
        CommandResult none = CommandResult.Of(["data", verb, .. rest]);
        CommandResult both = CommandResult.Of(["data", verb, runs.Data, "--data", runs.Data, .. rest]);
        Assert.Equal((1, 1), (none.Code, both.Code));
        Assert.Contains("'--data' is missing", Assert.Single(none.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("give one of them", Assert.Single(both.ErrorLines), StringComparison.Ordinal);
    }
}
