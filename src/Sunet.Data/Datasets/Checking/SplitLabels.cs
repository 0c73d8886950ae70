using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Checking;

/// <summary>
/// Counts the labels of each split of a data set while its images are read once, whatever number of splits an image is in.
/// </summary>
internal sealed class SplitLabels
{
    private readonly IReadOnlyList<SplitListing> listings;
    private readonly LabelCounts[] counts;
    private readonly Dictionary<string, List<int>> splitsOf = new(StringComparer.Ordinal);

    /// <summary>Prepares for the images of splits.</summary>
    /// <param name="listings">The splits.</param>
    public SplitLabels(IReadOnlyList<SplitListing> listings)
    {
        this.listings = listings;
        counts = [.. listings.Select(_ => new LabelCounts())];
        for (int i = 0; i < listings.Count; i++)
        {
            foreach (string path in listings[i].Items.Select(item => item.ImagePath).Distinct())
            {
                if (!splitsOf.TryGetValue(path, out List<int>? splits))
                    splitsOf.Add(path, splits = []);
                splits.Add(i);
            }
        }
    }

    /// <summary>Counts the labels of an image.</summary>
    /// <param name="item">The image.</param>
    /// <param name="labels">Its labels; null where they are unusable.</param>
    public void Add(SegmentationItem item, Memory2D<byte>? labels)
    {
        if (labels is not { } map)
            return;
        foreach (int split in splitsOf[item.ImagePath])
            counts[split].Add(map.Span);
    }

    /// <summary>
    /// Tells splits what is doubtful about their labels. Of a split with unusable labels nothing is known. That classes are missing is a
    /// note alone where the names are a published data set's, of which the images may be a few, and some object is there.
    /// </summary>
    /// <param name="classNames">The classes' names by index.</param>
    public void Report(IReadOnlyList<string> classNames)
    {
        bool arePublished = classNames.SequenceEqual(VocClasses.Names) || classNames.SequenceEqual(CityscapesClasses.Names);
        for (int i = 0; i < counts.Length; i++)
        {
            SplitListing listing = listings[i];
            int images = listing.Items.DistinctBy(item => item.ImagePath).Count();
            if (counts[i].Images < images || counts[i].Doubt(listing.Split, images, classNames) is not { } doubt)
                continue;
            if (arePublished && !counts[i].IsMostlyIgnored && counts[i].Missing(classNames.Count).Count < classNames.Count - 1)
                listing.Notes.Add(doubt);
            else
                listing.Doubt(listing.Source, doubt);
        }
    }
}
