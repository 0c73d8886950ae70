namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>Finds the state dict that is meant among what a file of torch.save holds.</summary>
internal static class StateDictSearch
{
    /// <summary>How deep entries lie at most.</summary>
    private const int DeepestEntry = 2;
    private const int MostEntries = 1024;
    private const int LongestKey = 256;
    private const int ListedKeys = 5;

    /// <summary>Finds the state dict.</summary>
    /// <param name="saved">What the file holds.</param>
    /// <param name="entry">The entry that is wanted; null for the usual one.</param>
    /// <param name="others">The entries of other sets that are about as large.</param>
    /// <exception cref="NotSupportedException">There is none, or it cannot be told which is meant; the message is a clause.</exception>
    public static PickledStateDict Find(object? saved, string? entry, out IReadOnlyList<string> others)
    {
        if (saved is PickledOpaque opaque)
        {
            throw new NotSupportedException($"'{opaque.Name}' is not allowed as what a checkpoint holds; what is read is a state dict, as "
                + "torch.save(model.state_dict(), path) writes it");
        }

        if (saved is not PickledDictionary root)
            throw new NotSupportedException("it holds no state dict but another object");
        List<PickledStateDict> all = All(root);
        PickledStateDict found = entry is null ? Choose(all, root) : Named(all, entry);
        others = [.. all.Where(d => d != found && d.Entry.Length > 0 && 2 * d.Count >= found.Count).Select(d => ShownText.Of(d.Entry))];
        return found;
    }

    private static PickledStateDict Choose(List<PickledStateDict> all, PickledDictionary root)
    {
        if (all.Count == 0)
            throw new NotSupportedException($"it holds no state dict; its entries are {string.Join(", ", Keys(root))}");
        if (all.Where(d => d.Entry.Length > 0 && d.Rank is not null).MinBy(d => d.Rank) is { } usual)
            return usual;
        int most = all.Max(d => d.Count);
        List<PickledStateDict> large = all.FindAll(d => 2 * d.Count >= most); // beside weights there may be those of a loss, and the like
        return large.Find(d => d.Entry.Length == 0) ?? (large.Count == 1 ? large[0] : throw new NotSupportedException(
            $"it has several sets of weights, in the entries {Entries(large)}; name one of them"));
    }

    private static PickledStateDict Named(List<PickledStateDict> all, string entry) =>
        all.Find(d => d.Entry == entry)
            ?? all.Where(d => d.Entry.StartsWith(entry + ".", StringComparison.Ordinal)).MinBy(d => d.Rank ?? int.MaxValue)
            ?? throw new NotSupportedException($"it has no weights in an entry '{entry}'"
                + (all.Exists(d => d.Entry.Length > 0) ? $"; it has some in {Entries(all)}" : ""));

    /// <summary>All dictionaries with tensors, the outer ones first; one that is in several entries counts once.</summary>
    private static List<PickledStateDict> All(PickledDictionary root)
    {
        var found = new List<PickledStateDict>();
        var seen = new HashSet<PickledDictionary> { root };
        List<PickledStateDict> level = [new PickledStateDict("", root)];
        for (int depth = 0; level.Count > 0; depth++)
        {
            found.AddRange(level.Where(d => d.Count > 0));
            if (depth == DeepestEntry)
                break;
            level = [.. level.SelectMany(d => d.Tensors.Items ?? [], (d, item) => (Outer: d.Entry, item.Key, item.Value))
                .Where(i => i is { Key: string { Length: <= LongestKey }, Value: PickledDictionary inner }
                    && seen.Count < MostEntries && seen.Add(inner))
                .Select(i => new PickledStateDict(Join(i.Outer, (string)i.Key!), (PickledDictionary)i.Value!))];
        }

        return found;
    }

    private static string Join(string outer, string key) => outer.Length == 0 ? key : $"{outer}.{key}";

    private static string Entries(List<PickledStateDict> all) =>
        string.Join(", ", all.Where(d => d.Entry.Length > 0).Take(ListedKeys).Select(d => $"'{ShownText.Of(d.Entry)}'"));

    private static IEnumerable<string> Keys(PickledDictionary dictionary) => (dictionary.Items ?? [])
        .Where(i => i.Key is string).Take(ListedKeys).Select(i => $"'{ShownText.Of((string)i.Key!)}'"
            + (i.Value is PickledOpaque opaque ? $" (an object of '{opaque.Name}')" : ""));
}
