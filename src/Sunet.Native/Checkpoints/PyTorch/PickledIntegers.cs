using System.Numerics;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>Integers of Python where a long is needed.</summary>
internal static class PickledIntegers
{
    private static readonly object[] Small = [.. Enumerable.Range(0, 256).Select(i => (object)(long)i)];

    /// <summary>An integer as an object, one object for each of the integers that fill histories.</summary>
    public static object Of(byte value) => Small[value];

    /// <summary>The integer in little-endian two's complement, which is a long where it fits one.</summary>
    public static object FromBytes(ReadOnlySpan<byte> bytes)
    {
        var number = new BigInteger(bytes);
        return number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;
    }

    /// <summary>A non-negative integer.</summary>
    /// <exception cref="FormatException">The value is something else.</exception>
    public static long Count(object? value, string what) => value is long and >= 0
        ? (long)value
        : throw new FormatException($"{what} is not a non-negative integer");
}
