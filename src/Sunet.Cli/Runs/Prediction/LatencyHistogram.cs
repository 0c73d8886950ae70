using System.Text.Json;
using Sunet.Cli.Output;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>
/// Delays of any number of frames in bounded memory: the mean is exact, and a quantile is that of the frames to 1 %, between 1 microsecond
/// and an hour. Safe for threads.
/// </summary>
internal sealed class LatencyHistogram
{
    private const double Least = 1e-6, Most = 3600, Step = 1.01;
    private readonly Lock gate = new();
    private readonly long[] counts = new long[Bin(Most) + 1];
    private double sum;

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>The mean; not a number where there are none.</summary>
    public double MeanSeconds => sum / Count;

    /// <summary>Adds a delay.</summary>
    public void Add(TimeSpan delay)
    {
        double seconds = delay.TotalSeconds;
        lock (gate)
        {
            Count++;
            sum += seconds;
            counts[Bin(seconds)]++;
        }
    }

    /// <summary>The delay that a share of the frames does not exceed, in seconds; not a number where there are none.</summary>
    /// <param name="share">Above 0, up to 1.</param>
    public double QuantileSeconds(double share)
    {
        long rank = (long)Math.Ceiling(share * Count), seen = 0;
        for (int bin = 0; bin < counts.Length && Count > 0; bin++)
        {
            seen += counts[bin];
            if (seen >= rank)
                return Least * Math.Pow(Step, bin + 0.5);
        }

        return double.NaN;
    }

    /// <summary>Mean, median and 99th percentile as a text.</summary>
    public string Text =>
        $"latency mean {Milliseconds(MeanSeconds)} ms, median {Milliseconds(QuantileSeconds(Median))} ms, "
        + $"99th percentile {Milliseconds(QuantileSeconds(Slow))} ms";

    private static double Median => 0.5;

    private static double Slow => 0.99;

    /// <summary>Writes mean, median and 99th percentile into an object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("latency_ms");
        json.WriteFinite("mean", 1e3 * MeanSeconds);
        json.WriteFinite("median", 1e3 * QuantileSeconds(Median));
        json.WriteFinite("p99", 1e3 * QuantileSeconds(Slow));
        json.WriteEndObject();
    }

    private static int Bin(double seconds) => (int)(Math.Log(Math.Clamp(seconds, Least, Most) / Least) / Math.Log(Step));

    private static string Milliseconds(double seconds) => double.IsNaN(seconds) ? "-" : Numbers.Fixed(1e3 * seconds, 1);
}
