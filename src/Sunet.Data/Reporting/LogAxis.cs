using System.Globalization;

namespace Sunet.Data.Reporting;

/// <summary>A logarithmic axis that begins and ends at 1, 2 or 5 times a power of ten.</summary>
/// <param name="Low">Its lower end, above 0.</param>
/// <param name="High">Its upper end.</param>
internal readonly record struct LogAxis(double Low, double High)
{
    /// <summary>What lies at the edge of a plot is at least this factor from its end.</summary>
    private const double Margin = 1.4;

    /// <summary>Above so many decades only whole ones are labelled.</summary>
    private const double MostDecadesWithSteps = 3;

    private const double Rounding = 1e-9;
    private static readonly double[] Steps = [1, 2, 5];

    /// <summary>An axis that covers numbers, with a margin.</summary>
    /// <param name="values">One or more, all above 0.</param>
    public static LogAxis Cover(IReadOnlyCollection<double> values)
    {
        double low = values.Min() / Margin, high = values.Max() * Margin;
        return new LogAxis(Grid(low, high).Last(t => t <= low * (1 + Rounding)), Grid(low, high).First(t => t >= high * (1 - Rounding)));
    }

    /// <summary>Where a number lies: 0 at the lower end, 1 at the upper.</summary>
    public double Position(double value) => Math.Log(value / Low) / Math.Log(High / Low);

    /// <summary>The numbers with a line, in ascending order, and the text of those with a label.</summary>
    public IEnumerable<(double Value, string? Label)> Ticks()
    {
        (double low, double high) = (Low * (1 - Rounding), High * (1 + Rounding));
        bool all = Math.Log10(High / Low) <= MostDecadesWithSteps;
        return Grid(Low, High).Where(t => t >= low && t <= high).Select(t => (t, all || IsDecade(t) ? Label(t) : null));
    }

    private static string Label(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static bool IsDecade(double value) => Math.Abs(Math.Log10(value) - Math.Round(Math.Log10(value))) < Rounding;

    /// <summary>The round numbers from a decade below a range to one above it.</summary>
    private static IEnumerable<double> Grid(double low, double high)
    {
        int first = (int)Math.Floor(Math.Log10(low)) - 1, last = (int)Math.Ceiling(Math.Log10(high)) + 1;
        return Enumerable.Range(first, last - first + 1).SelectMany(decade => Steps.Select(step => step * Math.Pow(10, decade)));
    }
}
