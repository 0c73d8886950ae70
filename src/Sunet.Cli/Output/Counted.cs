using System.Globalization;

namespace Sunet.Cli.Output;

/// <summary>Numbers of things in words, such as <c>1 image</c> and <c>2 images</c>.</summary>
internal static class Counted
{
    /// <summary>A number and what is counted.</summary>
    /// <param name="number">How many there are.</param>
    /// <param name="things">What they are called, in the plural.</param>
    public static string Text(long number, string things) => number.ToString(CultureInfo.InvariantCulture) + " " + Word(number, things);

    /// <summary>What is counted, in the plural or, of one, in the singular.</summary>
    public static string Word(long number, string things)
    {
        if (number != 1)
            return things;
        bool hasSyllable = things.EndsWith("ches", StringComparison.Ordinal) || things.EndsWith("sses", StringComparison.Ordinal);
        return hasSyllable ? things[..^2] : things[..^1];
    }
}
