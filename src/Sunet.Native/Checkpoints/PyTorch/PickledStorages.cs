namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>The storages that a pickle refers to by persistent id, one object a key however often it is named.</summary>
internal sealed class PickledStorages
{
    private const int LongestKey = 256;

    private readonly Dictionary<string, PickledStorage> byKey = new(StringComparer.Ordinal);

    public IReadOnlyCollection<PickledStorage> All => byKey.Values;

    /// <summary>The class of a storage whose elements are not read; null where there is none.</summary>
    public string? NotRead { get; private set; }

    public PickledStorage? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>The storage of an id ('storage', class, key, location, count), behind which older files have a part to view.</summary>
    /// <returns>A <see cref="PickledView"/>; or the opaque class of a storage whose elements are not read.</returns>
    /// <exception cref="FormatException">The id is malformed, or contradicts an earlier one.</exception>
    /// <exception cref="NotSupportedException">The id is not that of a storage.</exception>
    public object Resolve(object? id)
    {
        if (id is object?[] and not ["storage", ..])
            throw new NotSupportedException("it holds whole modules, which would be code; save the model's state_dict() instead");
        if (id is object?[] and [_, PickledOpaque other, ..])
        {
            NotRead = other.Name;
            return other;
        }

        if (id is not object?[] { Length: 5 or 6 } parts
            || parts[1] is not PickleGlobal { Element: { } element } || parts[2] is not string { Length: <= LongestKey } key)
        {
            throw new FormatException("the persistent id of a storage is malformed");
        }

        long count = PickledIntegers.Count(parts[4], "the size of a storage");
        if (count > long.MaxValue / element.Bytes())
            throw new FormatException($"storage '{key}' has {count} elements");
        PickledStorage storage = Find(key) ?? Add(new PickledStorage(key, element, count));
        if (storage.Element != element || storage.Count != count)
            throw new FormatException($"storage '{key}' is declared twice with different types or sizes");
        return parts is [.., object?[] view] && parts.Length == 6 ? Part(storage, view) : new PickledView(storage, 0, count);
    }

    private PickledStorage Add(PickledStorage storage)
    {
        byKey.Add(storage.Key, storage);
        return storage;
    }

    private static PickledView Part(PickledStorage storage, object?[] view)
    {
        if (view.Length != 3)
            throw new FormatException($"the view of storage '{storage.Key}' is malformed");
        long start = PickledIntegers.Count(view[1], "the start of a view"), count = PickledIntegers.Count(view[2], "the size of a view");
        if (start > storage.Count || count > storage.Count - start)
            throw new FormatException($"a view of storage '{storage.Key}' reaches beyond its {storage.Count} elements");
        return new PickledView(storage, start, count);
    }
}
