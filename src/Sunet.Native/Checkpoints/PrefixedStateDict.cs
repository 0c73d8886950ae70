namespace Sunet.Native.Checkpoints;

/// <summary>The tensors of a checkpoint whose names begin with a prefix, under their names without it.</summary>
/// <param name="file">The checkpoint; it is disposed with this.</param>
/// <param name="prefix">The prefix; empty for all of them.</param>
/// <param name="others">Longer prefixes, whose tensors are not among them.</param>
internal sealed class PrefixedStateDict(IStateDict file, string prefix, IReadOnlyList<string> others) : IStateDict
{
    /// <summary>The checkpoint.</summary>
    public IStateDict File => file;

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } =
    [
        .. file.Names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)
            && !others.Any(o => o.Length > prefix.Length && n.StartsWith(o, StringComparison.Ordinal))).Select(n => n[prefix.Length..]),
    ];

    /// <summary>The name that a tensor has in the checkpoint.</summary>
    public string FullName(string name) => prefix + name;

    /// <inheritdoc/>
    public IReadOnlyList<int>? DimensionsOf(string name) => file.DimensionsOf(FullName(name));

    /// <inheritdoc/>
    public void CopyFloats(string name, Span<float> destination) => file.CopyFloats(FullName(name), destination);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
