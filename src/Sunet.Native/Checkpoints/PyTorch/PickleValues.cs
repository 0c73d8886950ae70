using System.Numerics;

namespace Sunet.Native.Checkpoints.PyTorch;

// What a pickle's opcodes can make, and nothing else: null, bool, long, BigInteger, string, object?[] for a tuple, List<object?> for a
// list, and the types below. None of them runs code that a file could choose. Floats and bytes, which no weight depends on, are null.

/// <summary>A dictionary: its items in the order they were set, where a later item of the same key counts.</summary>
internal sealed class PickledDictionary
{
    /// <summary>The items that are kept; null where there is none.</summary>
    public List<KeyValuePair<object?, object?>>? Items { get; private set; }

    public void Set(object? key, object? value) => (Items ??= []).Add(new(key, value));

    /// <summary>The value last set for a key; null where there is none.</summary>
    public object? this[string key]
    {
        get
        {
            int last = Items?.FindLastIndex(i => i.Key is string text && text == key) ?? -1;
            return last < 0 ? null : Items![last].Value;
        }
    }
}

/// <summary>
/// A global that is not known, or anything made with one: whatever is done to it leaves it as it is, and what it is given is dropped.
/// </summary>
/// <param name="name">Module and name of the global, as messages show it.</param>
internal sealed class PickledOpaque(string name)
{
    /// <summary>A set, which no weight depends on.</summary>
    public static PickledOpaque Set { get; } = new("set");

    public string Name => name;
}

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
