using System.Text;
using Sunet.Native.Checkpoints;
using Sunet.Native.Graphs;
using Sunet.Native.Models.Networks;

namespace Sunet.Native.Models.Saved;

/// <summary>Compares the tensors of a checkpoint with those of a network.</summary>
internal static class StateDictMatch
{
    private const int Listed = 5;

    /// <summary>
    /// The names of counters that are ignored in a checkpoint: those of batch normalisation, of thop, of torch.optim.swa_utils, and of the
    /// moving averages of mmengine, ema-pytorch and others.
    /// </summary>
    private static readonly string[] Counters =
        ["num_batches_tracked", "total_ops", "total_params", "n_averaged", "num_updates", "decay", "steps", "step", "initted"];

    /// <summary>The authors' loss, and usual names of others.</summary>
    private static readonly string[] Losses = ["mceloss.", "criterion.", "loss.", "loss_fn."];

    /// <summary>Refuses a checkpoint whose tensors are not exactly those of a network.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="state">The network's parameters and running statistics.</param>
    /// <param name="spec">The network, for the message.</param>
    /// <exception cref="CheckpointException">One message lists what is missing, unknown, and of another shape.</exception>
    public static void Require(IStateDict file, IReadOnlyList<Value> state, SunetSpec spec)
    {
        HashSet<string> wanted = [.. state.Select(v => v.Name)];
        string[] missing = [.. wanted.Where(n => file.DimensionsOf(n) is null)];
        string[] unknown = [.. file.Names.Where(n => !wanted.Contains(n) && !IsNotNeeded(file, n))];
        string[] shapes = [.. state.Where(v => file.DimensionsOf(v.Name) is { } found && !found.SequenceEqual(v.Shape.ToArray()))
            .Select(v => $"{v.Name} [{string.Join(", ", file.DimensionsOf(v.Name)!)}] for {v.Shape}")];
        if (missing.Length + unknown.Length + shapes.Length == 0)
            return;
        var message = new StringBuilder($"Checkpoint '{file.Path}' does not fit {spec.Config.Name} with {spec.Classes} classes");
        char separator = ':';
        foreach ((string what, string[] names) in new[] { ("missing", missing), ("not known", unknown), ("of another shape", shapes) })
        {
            if (names.Length == 0)
                continue;
            string listed = string.Join("; ", names.Take(Listed).Select(ShownText.Of));
            message.Append(separator).Append($" {names.Length} tensors are {what} ({listed}");
            message.Append(names.Length > Listed ? "; ...)" : ")");
            separator = ',';
        }

        throw new CheckpointException(message.Append('.').ToString(), file.Path);
    }

    /// <summary>
    /// What stands beside weights and no network is made of: single numbers that tools keep as buffers, and the weights of a loss.
    /// </summary>
    public static bool IsNotNeeded(IStateDict file, string name)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        return (Counters.Contains(last) && file.DimensionsOf(name) is { } dimensions && dimensions.All(d => d == 1))
            || Losses.Any(l => name.StartsWith(l, StringComparison.Ordinal));
    }
}
