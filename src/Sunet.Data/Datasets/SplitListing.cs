namespace Sunet.Data.Datasets;

/// <summary>What a layout finds for one split: the items that are complete, and what is wrong with the others.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Source">The list or folder the split is read from.</param>
internal sealed record SplitListing(string Split, string Source) : SplitFindings(Split, Source)
{
    /// <summary>Whether its images have labels, as those of a benchmark's test split have not.</summary>
    public bool IsLabelled { get; set; } = true;

    /// <summary>Every image that is there.</summary>
    public List<DatasetImage> Images { get; } = [];

    /// <summary>Items whose image and mask both exist; none where <see cref="IsLabelled"/> is false.</summary>
    public List<SegmentationItem> Items { get; } = [];

    /// <inheritdoc/>
    public override int ImageCount => Images.Count;

    /// <summary>Adds a complete item.</summary>
    public void Add(SegmentationItem item)
    {
        Images.Add(new DatasetImage(item.Name, item.ImagePath));
        Items.Add(item);
    }

    /// <summary>Adds every image of a folder with its label file.</summary>
    public void AddFolder(LabelFolder folder, ILabelReader labels, CancellationToken cancellation)
    {
        foreach (string image in FileTree.Files(folder.Images, Report))
        {
            cancellation.ThrowIfCancellationRequested();
            if (folder.NameOfImage(image) is not { } name)
                continue;
            string mask = Path.Combine(folder.Labels, name + folder.LabelEnding);
            if (!IsLabelled)
                Images.Add(new DatasetImage(name, image));
            else if (File.Exists(mask))
                Add(new SegmentationItem(name, image, mask) { Labels = labels });
            else
                Report(mask, $"The image '{image}' has no mask: '{mask}' is not there.");
        }
    }
}
