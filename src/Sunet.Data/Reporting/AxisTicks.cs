namespace Sunet.Data.Reporting;

/// <summary>Round numbers to label an axis with.</summary>
internal static class AxisTicks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten that cover a range with about the given number of steps.</summary>
    public static (double Low, double High, double Step) Cover(double low, double high, int steps)
    {
        if (!(high - low > 1e-12 * Math.Max(Math.Abs(high), Math.Abs(low))))
        {
            double margin = high == 0 ? 1 : Math.Abs(high) * 0.5;
            (low, high) = (low - margin, high + margin);
        }

        double raw = (high - low) / steps, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * ((raw / power) switch
        {
            <= 1 => 1,
            <= 2 => 2,
            <= 5 => 5,
            _ => 10,
        });
        return (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }
}
