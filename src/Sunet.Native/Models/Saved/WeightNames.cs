using Sunet.Native.Checkpoints;

namespace Sunet.Native.Models.Saved;

/// <summary>What stands before the names of a network's tensors in a checkpoint, where a wrapper had the network as a part of it.</summary>
/// <param name="Prefix">What is left out of the names; empty, or it ends with a dot.</param>
/// <param name="Others">The prefixes of other sets of weights in the file.</param>
internal sealed record WeightNames(string Prefix, IReadOnlyList<string> Others)
{
    /// <summary>The first layer, which every network has once.</summary>
    private const string Anchor = "features.conv1.weight";
    private const int Listed = 5;

    /// <summary>
    /// Parts of a prefix that wrappers are known for: of data parallelism, of torch.compile, and the attributes that training frameworks
    /// have the network in.
    /// </summary>
    private static readonly string[] Usual = ["module", "_orig_mod", "model", "net", "network", "state_dict"];

    /// <summary>Whether the prefix is one that no wrapper is known for, so that the caller should hear of it.</summary>
    public bool IsUnusual => !IsUsual(Prefix);

    /// <summary>Finds the prefix.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="wanted">What it begins with, with or without the last dot; null for the usual one.</param>
    /// <exception cref="CheckpointException">There are several and none is usual, or none is as wanted; the message lists them.</exception>
    public static WeightNames Find(IStateDict file, string? wanted)
    {
        string start = string.IsNullOrEmpty(wanted) || wanted.EndsWith('.') ? wanted ?? "" : wanted + ".";
        string[] all = [.. file.Names.Where(n => n.EndsWith(Anchor, StringComparison.Ordinal)).Select(n => n[..^Anchor.Length])
            .Where(p => p.Length == 0 || p.EndsWith('.'))];
        string[] named = [.. all.Where(p => p.StartsWith(start, StringComparison.Ordinal))];
        if (named.Length == 0 && wanted is null)
            return new WeightNames("", []); // no SUNet, or a damaged one; whoever compares the names says so
        if (named.Length == 0)
        {
            throw new CheckpointException($"Checkpoint '{file.Path}' has no '{start}{Anchor}': no network's names begin with '{start}'"
                + (all.Length > 0 ? $", but with {List(all)}." : "."), file.Path);
        }

        string[] usual = [.. named.Where(p => IsUsual(p[start.Length..]))];
        string prefix = usual.Contains(start) ? start
            : usual.Length == 1 ? usual[0]
            : named.Length == 1 ? named[0]
            : throw new CheckpointException(
                $"Checkpoint '{file.Path}' has several sets of weights, whose names begin with {List(named)}; name one of these prefixes.",
                file.Path);
        return new WeightNames(prefix, [.. all.Where(p => p != prefix)]);
    }

    /// <summary>Quoted, and not too many.</summary>
    public static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(Listed).Select(n => $"'{ShownText.Of(n)}'")) + (names.Count > Listed ? ", ..." : "");

    private static bool IsUsual(string prefix) =>
        prefix.Split('.', StringSplitOptions.RemoveEmptyEntries).All(part => Usual.Contains(part));
}
