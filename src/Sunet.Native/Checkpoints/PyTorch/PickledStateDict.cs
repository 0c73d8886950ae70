namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>A dictionary with tensors by name.</summary>
/// <param name="Entry">The keys that lead to it, joined by dots; empty for the outermost.</param>
/// <param name="Tensors">The dictionary.</param>
internal sealed record PickledStateDict(string Entry, PickledDictionary Tensors)
{
    private static readonly string[] Usual =
        ["state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params"];

    /// <summary>How many tensors of floats it has, scalars not counted.</summary>
    public int Count { get; } = (Tensors.Items ?? []).Count(i =>
        i is { Key: string, Value: PickledTensor { Dimensions.Length: > 0 } tensor } && tensor.Storage.Element.IsFloat());

    /// <summary>The place among the entries that usually have weights; null for one that is not usual.</summary>
    public int? Rank
    {
        get
        {
            int rank = 0;
            foreach (string key in Entry.Split('.'))
            {
                int at = Array.IndexOf(Usual, key);
                if (at < 0)
                    return null;
                rank = (rank * Usual.Length) + at;
            }

            return rank;
        }
    }
}
