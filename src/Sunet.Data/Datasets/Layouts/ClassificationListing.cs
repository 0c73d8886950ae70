namespace Sunet.Data.Datasets.Layouts;

/// <summary>What a layout finds for one split of a data set for classification.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Source">The list or folder the split is read from.</param>
internal sealed record ClassificationListing(string Split, string Source) : SplitFindings(Split, Source)
{
    /// <summary>Images that have a class.</summary>
    public List<ClassificationItem> Items { get; } = [];

    /// <inheritdoc/>
    public override int ImageCount => Items.Count;
}
