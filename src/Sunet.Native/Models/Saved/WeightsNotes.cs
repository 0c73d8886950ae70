using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;

namespace Sunet.Native.Models.Saved;

/// <summary>What a caller should hear of how a checkpoint was read.</summary>
internal static class WeightsNotes
{
    /// <summary>The notes, a clause each.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="names">How its tensors' names were read.</param>
    /// <param name="foreign">A configuration of another program that was passed over; null for none.</param>
    public static IEnumerable<string> Of(IStateDict file, WeightNames names, string? foreign)
    {
        if (file is PyTorchFile pickled && (pickled.OtherEntries.Count > 0 || pickled.IsEntryUnusual))
        {
            string taken = pickled.Entry.Length > 0 ? $"of the entry '{ShownText.Of(pickled.Entry)}'" : "that are in no entry";
            string others = pickled.OtherEntries.Count > 0 ? $"; '{file.Path}' also has {WeightNames.List(pickled.OtherEntries)}" : "";
            yield return $"the weights are those {taken}{others}";
        }

        if (names.Others.Count > 0 || names.IsUnusual)
        {
            string others = names.Others.Count > 0 ? $"; '{file.Path}' also has {Described(names.Others)}" : "";
            yield return $"the weights are those whose names begin with {Described([names.Prefix])}{others}";
        }

        string[] left = [.. file.Names.Where(n => !names.Others.Append(names.Prefix).Any(p => n.StartsWith(p, StringComparison.Ordinal))
            && !StateDictMatch.IsNotNeeded(file, n))];
        if (left.Length > 0)
            yield return FormattableString.Invariant($"{left.Length} other tensors are not read: {WeightNames.List(left)}");
        if (foreign is not null)
            yield return $"'{foreign}' is another program's, so that the network is inferred from the names and shapes of its tensors";
    }

    private static string Described(IReadOnlyList<string> prefixes) => prefixes is [""] ? "no prefix" : WeightNames.List(prefixes);
}
