namespace Sunet.Data.Datasets;

/// <summary>What a layout finds for one split: the items that are complete, and what is wrong with the others.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Source">The list or folder the split is read from.</param>
internal sealed record SplitListing(string Split, string Source)
{
    /// <summary>Items whose image and mask both exist.</summary>
    public List<SegmentationItem> Items { get; } = [];

    /// <summary>Everything that keeps an item from being complete.</summary>
    public List<DatasetFinding> Problems { get; } = [];

    /// <summary>Notes a problem.</summary>
    public void Report(string path, string problem) => Problems.Add(new DatasetFinding(path, problem));
}
