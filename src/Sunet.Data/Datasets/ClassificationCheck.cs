namespace Sunet.Data.Datasets;

/// <summary>Checks data sets for classification.</summary>
internal static class ClassificationCheck
{
    /// <summary>Decodes every image of all splits.</summary>
    public static DatasetReport Run(ImageNetDataset layout, long pixelCap, CancellationToken cancellation)
    {
        var findings = new List<DatasetFinding>(layout.Strays());
        var files = new SampleCheck(layout.ClassNames.Count, pixelCap);
        var counts = new long[layout.ClassNames.Count];
        foreach (string split in layout.Splits)
        {
            ClassificationListing listing = List(layout, split);
            findings.AddRange(listing.Problems);
            if (listing.Items.Count == 0 && listing.Problems.Count == 0)
                findings.Add(new DatasetFinding(listing.Source, $"The split '{split}' is empty: '{listing.Source}' has no images."));
            foreach (ClassificationItem item in listing.Items)
            {
                cancellation.ThrowIfCancellationRequested();
                files.CheckImage(item.ImagePath);
                counts[item.Label]++;
            }
        }

        findings.AddRange(files.Findings);
        return new DatasetReport(DatasetReport.Sorted(findings), (int)counts.Sum(), layout.ClassNames, [], 0) { ClassImages = counts };
    }

    private static ClassificationListing List(ImageNetDataset layout, string split)
    {
        try
        {
            return layout.List(split);
        }
        catch (DataException failure)
        {
            var listing = new ClassificationListing(split, failure.Path ?? layout.Root);
            listing.Report(listing.Source, failure.Message);
            return listing;
        }
    }
}
