using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Checking;

/// <summary>Checks data sets for classification.</summary>
internal static class ClassificationCheck
{
    /// <summary>Decodes every image of all splits.</summary>
    public static DatasetReport Run(
        ImageNetDataset layout, long pixelCap, IProgress<DatasetProgress>? progress, CancellationToken cancellation)
    {
        var findings = new List<DatasetFinding>(layout.Strays());
        ClassificationListing[] listings = [.. layout.Splits.Select(split => DatasetCheck.List(
            () => layout.List(split, cancellation), source => new ClassificationListing(split, source), layout.Root))];
        foreach (ClassificationListing listing in listings)
        {
            findings.AddRange(listing.Problems);
            if (listing.Items.Count == 0 && listing.Problems.Count == 0)
                findings.Add(new DatasetFinding(listing.Source,
                    $"The split '{listing.Split}' is empty: '{listing.Source}' has no images."));
        }

        var files = new SampleCheck(layout.ClassNames.Count, pixelCap);
        var counts = new long[layout.ClassNames.Count];
        int total = listings.Sum(listing => listing.Items.Count), done = 0;
        foreach (ClassificationItem item in listings.SelectMany(listing => listing.Items))
        {
            cancellation.ThrowIfCancellationRequested();
            files.CheckImage(item.ImagePath);
            counts[item.Label]++;
            progress?.Report(new DatasetProgress(++done, total));
        }

        findings.AddRange(files.Findings);
        return new DatasetReport(DatasetReport.Sorted(findings), total, layout.ClassNames, [], 0)
        {
            ClassImages = counts,
            Notes = [.. listings.SelectMany(listing => listing.Notes)],
            TurnedImages = files.TurnedImages,
        };
    }
}
