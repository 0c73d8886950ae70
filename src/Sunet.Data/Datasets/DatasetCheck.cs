using Sunet.Data.Images;

namespace Sunet.Data.Datasets;

/// <summary>Reads every file of a data set and lists what is wrong with it, so that a training run never finds out first.</summary>
public static class DatasetCheck
{
    /// <summary>Checks all splits of a data set. Defects are findings, never exceptions.</summary>
    /// <param name="path">What <see cref="DatasetReader.Open"/> or <see cref="DatasetReader.OpenClassification"/> takes.</param>
    /// <param name="pixelCap">Larger images are findings.</param>
    /// <param name="cancellation">Stops between two files.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static DatasetReport Run(string path, long pixelCap = ImageFile.DefaultPixelCap, CancellationToken cancellation = default)
    {
        try
        {
            return DatasetReader.KindOf(path) == DatasetKind.Classification
                ? ClassificationCheck.Run(DatasetReader.OpenClassificationLayout(path), pixelCap, cancellation)
                : Run(DatasetReader.OpenLayout(path), pixelCap, cancellation);
        }
        catch (DataException failure)
        {
            return new DatasetReport([new DatasetFinding(failure.Path ?? path, failure.Message)], 0, [], [], 0);
        }
    }

    private static DatasetReport Run(IDatasetLayout layout, long pixelCap, CancellationToken cancellation)
    {
        var findings = new List<DatasetFinding>();
        var items = new Dictionary<string, SegmentationItem>(StringComparer.Ordinal);
        IReadOnlyList<string> splits = layout.Splits;
        if (splits.Count == 0)
            findings.Add(new DatasetFinding(layout.Root, $"'{layout.Root}' has no split."));
        foreach (string split in splits)
        {
            SplitListing listing = List(layout, split);
            findings.AddRange(listing.Problems);
            findings.AddRange(Duplicates(listing));
            if (listing.Items.Count == 0 && listing.Problems.Count == 0)
                findings.Add(new DatasetFinding(listing.Source, $"The split '{split}' is empty: '{listing.Source}' has no images."));
            foreach (SegmentationItem item in listing.Items)
                items.TryAdd(item.ImagePath, item);
        }

        findings.AddRange(Strays(layout));
        var files = new SampleCheck(layout.ClassNames.Count, pixelCap);
        foreach (SegmentationItem item in items.Values)
        {
            cancellation.ThrowIfCancellationRequested();
            files.Check(item);
        }

        findings.AddRange(files.Findings);
        return new DatasetReport(
            DatasetReport.Sorted(findings), items.Count, layout.ClassNames, files.ClassPixels, files.IgnoredPixels);
    }

    private static SplitListing List(IDatasetLayout layout, string split)
    {
        try
        {
            return layout.List(split);
        }
        catch (DataException failure)
        {
            var listing = new SplitListing(split, failure.Path ?? layout.Root);
            listing.Report(listing.Source, failure.Message);
            return listing;
        }
    }

    private static IEnumerable<DatasetFinding> Duplicates(SplitListing listing) =>
        listing.Items
            .GroupBy(item => item.Name, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => new DatasetFinding(
                listing.Source, $"'{listing.Source}' has '{group.Key}' {group.Count()} times in the split '{listing.Split}'."));

    private static List<DatasetFinding> Strays(IDatasetLayout layout)
    {
        var findings = new List<DatasetFinding>();
        void Report(string path, string problem) => findings.Add(new DatasetFinding(path, problem));
        foreach (var (imageFolder, maskFolder) in layout.Folders())
        {
            HashSet<string> images = FileTree.Files(imageFolder, Report)
                .Where(file => ImageFormats.FromName(file) != ImageFormat.Unknown)
                .Select(file => FileTree.Stem(imageFolder, file))
                .ToHashSet(StringComparer.Ordinal);
            foreach (string mask in FileTree.Files(maskFolder, Report))
            {
                if (ImageFormats.FromName(mask) == ImageFormat.Png && !images.Contains(FileTree.Stem(maskFolder, mask)))
                    Report(mask, $"The mask '{mask}' has no image in '{imageFolder}'.");
            }
        }

        return findings;
    }
}
