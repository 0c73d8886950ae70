using System.Globalization;

namespace Sunet.Cli.Output;

/// <summary>Numbers as people and files read them, the same in every country.</summary>
internal static class Numbers
{
    /// <summary>A share of 1 as percent with two decimals; a dash where it is not defined.</summary>
    public static string Percent(double share) => double.IsNaN(share) ? "-" : (100 * share).ToString("F2", CultureInfo.InvariantCulture);

    /// <summary>With digits grouped.</summary>
    public static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>With a fixed number of decimals.</summary>
    public static string Fixed(double value, int decimals) =>
        value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>With two digits and an exponent, as errors are given.</summary>
    public static string Scientific(double value) => value.ToString("0.0E+0", CultureInfo.InvariantCulture);

    /// <summary>So that reading it gives the same number again.</summary>
    public static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
