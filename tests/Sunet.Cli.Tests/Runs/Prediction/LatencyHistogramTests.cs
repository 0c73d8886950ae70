using Sunet.Cli.Runs.Prediction;

namespace Sunet.Cli.Tests.Runs.Prediction;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_OfManyDelays_AreThoseOfTheSortedDelaysToOnePercent()
    {
        var random = new Random(5);
        double[] delays = [.. Enumerable.Range(0, 1001).Select(_ => Math.Exp(random.NextDouble() * 10) / 1000)];
        var histogram = new LatencyHistogram();
        foreach (double delay in delays)
            histogram.Add(TimeSpan.FromSeconds(delay));
        Array.Sort(delays);
        Assert.Equal(1001, histogram.Count);

        // A time span has ticks of 100 ns, of which a delay has 10,000 and more.
        Assert.Equal(delays.Average(), histogram.MeanSeconds, 1e-7);
        Assert.InRange(histogram.QuantileSeconds(0.5) / delays[500], 0.99, 1.01);
        Assert.InRange(histogram.QuantileSeconds(0.99) / delays[990], 0.99, 1.01);
    }

    [Fact]
    public void Quantiles_OfNothing_AreNoNumbers()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal((double.NaN, double.NaN), (histogram.MeanSeconds, histogram.QuantileSeconds(0.5)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e6)]
    public void Add_BeyondTheBins_IsCounted(double seconds)
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.FromSeconds(seconds));
        Assert.InRange(histogram.QuantileSeconds(1), 1e-6, 3700);
    }
}
