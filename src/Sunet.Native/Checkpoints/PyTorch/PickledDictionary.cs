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
