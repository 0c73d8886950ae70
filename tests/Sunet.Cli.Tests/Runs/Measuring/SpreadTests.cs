using Sunet.Cli.Runs.Measuring;

namespace Sunet.Cli.Tests.Runs.Measuring;

public sealed class SpreadTests
{
    [Fact]
    public void Spread_MoreThanAreWanted_TakesTheMiddlesOfEqualParts()
    {
        Assert.Equal([50, 150, 250, 350], Evaluation.Spread(400, 4));
        Assert.Equal([1, 3, 6, 8], Evaluation.Spread(10, 4));
        Assert.Equal([1_500_000_000], Evaluation.Spread(2_000_000_000, 2)[1..]);
    }

    [Fact]
    public void Spread_AnyCount_IsEvenAndTakesEachOnce()
    {
        for (int count = 1; count <= 200; count++)
        {
            int[] spread = Evaluation.Spread(count, 16);
            Assert.Equal(Math.Min(count, 16), spread.Length);
            Assert.InRange(spread[^1], 0, count - 1);
            int[] steps = [.. spread.Zip(spread.Skip(1), (a, b) => b - a)];
            Assert.True(steps.Length == 0 || (steps.Min() >= 1 && steps.Max() - steps.Min() <= 1), $"{count}: {string.Join(' ', spread)}");
            Assert.True(Math.Abs(spread[0] - (count - 1 - spread[^1])) <= 1, $"{count} begins or ends off the middle.");
        }

        Assert.Empty(Evaluation.Spread(10, 0));
    }
}
