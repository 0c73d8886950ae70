namespace Sunet.Native;

/// <summary>Whole numbers rounded up, for alignments and blocks.</summary>
internal static class RoundUp
{
    /// <summary>The smallest multiple of a number that is not below a value.</summary>
    /// <param name="value">At least 0.</param>
    /// <param name="multiple">At least 1.</param>
    /// <exception cref="OverflowException">The result has more bits than there are.</exception>
    public static long ToMultiple(long value, long multiple) => checked(value + multiple - 1) / multiple * multiple;

    /// <inheritdoc cref="ToMultiple(long, long)"/>
    public static int ToMultiple(int value, int multiple) => checked(value + multiple - 1) / multiple * multiple;
}
