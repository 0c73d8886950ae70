using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

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

    /// <summary>Adds every image of a folder with its label file, and counts those that are not read.</summary>
    public void AddFolder(LabelFolder folder, ILabelReader labels, CancellationToken cancellation)
    {
        var masks = new FileLookup(folder.Labels);
        foreach (string image in folder.ImageFiles(Report))
        {
            cancellation.ThrowIfCancellationRequested();
            if (folder.NameOfImage(image) is not { } name)
            {
                if (ImageFormats.IsImage(image) || ImageFormats.IsUnreadImage(image))
                    PassedOver.Add(image);
            }
            else if (!IsLabelled)
                Images.Add(new DatasetImage(name, image));
            else if (masks.Find(name, folder.LabelEnding) is { } mask)
                Add(new SegmentationItem(name, image, mask) { Labels = labels });
            else
                ReportNoMask(image, folder, name, masks.FindAny(name));
        }

        NotePassedOver(folder.Images, folder.Reason);
    }

    private void ReportNoMask(string image, LabelFolder folder, string name, string? other)
    {
        string mask = Path.Combine(folder.Labels, name + folder.LabelEnding);
        if (other is null || other == image)
            Report(mask, $"The image '{image}' has no mask: '{mask}' is not there.");
        else
            Report(other, $"The image '{image}' has no mask whose name ends in '{folder.LabelEnding}', as that of '{other}' does not.");
    }
}
