using Sunet.Bench.Guard;
using Sunet.Cli.Output;
using Sunet.Native;

namespace Sunet.Cli.Tests.Guard;

/// <summary>What the guard says of figures it is given.</summary>
public sealed class GuardTests
{
    [Theory]
    [InlineData(1.04, 0)]
    [InlineData(1.06, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void Guard_FigureAroundBarAndSlack_DecidesTheExitCode(double figure, int code)
    {
        CommandResult result = Run([], Check("a", figure, 1, 0.05), Check("b", 0, 0, 0));
        Assert.Equal(code, result.Code);
        Assert.Contains(code == 0 ? "every bar is held" : "1 of 2 bars are not held", result.Output, StringComparison.Ordinal);
        Assert.Equal(code, result.Output.Split('\n').Count(l => l.TrimEnd().EndsWith("NO", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1.77, 0)]
    [InlineData(1.75, 1)]
    public void Guard_BarThatIsALeast_IsHeldFromBelow(double figure, int code) =>
        Assert.Equal(code, Run([], new Check(new Bar("threads", "two", 1.85, 0.05, AtLeast: true), _ => figure)).Code);

    [Fact]
    public void Guard_FigureThatCannotBeTold_IsNoFailureAndSaidSo()
    {
        CommandResult result = Run([], new Check(new Bar("memory", "peak", 200, 0, Unit: "MB"), _ => null));
        Assert.Equal(0, result.Code);
        Assert.Contains("cannot be told here", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Guard_Only_MeasuresThoseGroupsAlone()
    {
        Check never = new(new Bar("c", "never", 1, 0), _ => throw new InvalidOperationException("It was not asked for."));
        CommandResult result = Run(["--only", "a,b"], Check("a", 1, 1, 0), Check("b", 2, 1, 0), never);
        Assert.Equal(1, result.Code);
        Assert.DoesNotContain("never", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "'nothing'", "--only", "nothing")]
    [InlineData(1, "--fast", "--fast")]
    public void Guard_WrongArguments_AreOneLine(int code, string said, params string[] args)
    {
        CommandResult result = Run(args, Check("a", 1, 1, 0));
        Assert.Equal(code, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Guard_WorkThatFails_EndsInItsExitCode() =>
        Assert.Equal(4, Run([], new Check(new Bar("a", "a", 1, 0), _ => throw new MemoryException("There is not enough.", 1))).Code);

    [Fact]
    public void Guard_RealChecks_HaveAWorkOfTheirOwnAndALimit()
    {
        Assert.Equal(Checks.All.Count, Checks.All.Select(c => c.Bar.Work).Distinct().Count());
        Assert.All(Checks.All, c => Assert.InRange(c.Bar.Slack, 0, 0.1));
    }

    [Fact]
    public void Exponent_KnownPowers_AreFound()
    {
        double[] sizes = [1, 2, 4, 10];
        Assert.Equal(1.5, Scaling.Exponent(sizes, [.. sizes.Select(s => 7 * Math.Pow(s, 1.5))]), 12);
        Assert.Equal(0, Scaling.Exponent(sizes, [3, 3, 3, 3]), 12);
    }

    private static Check Check(string group, double figure, double limit, double slack) =>
        new(new Bar(group, "work of " + group, limit, slack), _ => figure);

    private static CommandResult Run(string[] args, params Check[] checks)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = GuardCommand.Run(args, checks, new CommandOutput(output, error), CancellationToken.None);
        return new CommandResult(code, output.ToString(), error.ToString());
    }
}
