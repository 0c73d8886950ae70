namespace Sunet.Data.Datasets;

/// <summary>What a layout finds for one split: the items that are complete, and what is wrong with the others.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Source">The list or folder the split is read from.</param>
internal record SplitListing<TItem>(string Split, string Source)
{
    /// <summary>Items whose files all exist.</summary>
    public List<TItem> Items { get; } = [];

    /// <summary>Everything that keeps an item from being complete.</summary>
    public List<DatasetFinding> Problems { get; } = [];

    /// <summary>Notes a problem.</summary>
    public void Report(string path, string problem) => Problems.Add(new DatasetFinding(path, problem));

    /// <summary>The items, if nothing is wrong and there is one.</summary>
    /// <exception cref="DataException">There is a problem, or no item; the message names the file or folder.</exception>
    public IReadOnlyList<TItem> Complete()
    {
        if (Problems is [var first, ..])
        {
            string more = Problems.Count > 1 ? $" ({Problems.Count - 1} more such problems.)" : "";
            throw new DataException(first.Problem + more, first.Path);
        }

        return Items.Count > 0 ? Items : throw new DataException($"The split '{Split}' is empty: '{Source}' has no images.", Source);
    }
}

/// <summary>What a layout for segmentation finds: the items whose image and mask both exist.</summary>
internal sealed record SplitListing(string Split, string Source) : SplitListing<SegmentationItem>(Split, Source);
