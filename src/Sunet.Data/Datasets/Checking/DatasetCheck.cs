using Sunet.Data.Datasets.Layouts;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Checking;

/// <summary>Reads every file of a data set and lists what is wrong with it, so that a training run never finds out first.</summary>
internal static class DatasetCheck
{
    /// <summary>Checks all splits of a data set. Defects are findings, never exceptions.</summary>
    /// <param name="path">
    /// What <see cref="DatasetReader.Open(string, string, CancellationToken)"/> or <see cref="DatasetReader.OpenClassification"/> takes.
    /// </param>
    /// <param name="pixelCap">Larger images are findings.</param>
    /// <param name="progress">Told, on the calling thread, after every image; may be null.</param>
    /// <param name="cancellation">Stops between two files.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static DatasetReport Run(string path, long pixelCap = ImageFile.DefaultPixelCap, IProgress<DatasetProgress>? progress = null,
        CancellationToken cancellation = default) => Run(path, DatasetOptions.Default, pixelCap, progress, cancellation);

    /// <summary>Checks all splits of a data set whose labels are read as the options say. Defects are findings, never exceptions.</summary>
    /// <param name="path">The data set.</param>
    /// <param name="options">How labels are read; nothing to a data set for classification.</param>
    /// <param name="pixelCap">Larger images are findings.</param>
    /// <param name="progress">Told, on the calling thread, after every image; may be null.</param>
    /// <param name="cancellation">Stops between two files.</param>
    /// <exception cref="ConfigurationException">The options do not suit the data set.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    internal static DatasetReport Run(string path, DatasetOptions options, long pixelCap = ImageFile.DefaultPixelCap,
        IProgress<DatasetProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            return DatasetReader.KindOf(path) == DatasetKind.Classification
                ? ClassificationCheck.Run(DatasetReader.OpenClassificationLayout(path), pixelCap, progress, cancellation)
                : Run(DatasetLayouts.Open(path, options), pixelCap, progress, cancellation);
        }
        catch (DataException failure)
        {
            return new DatasetReport([new DatasetFinding(failure.Path ?? path, failure.Message)], 0, [], [], 0);
        }
    }

    private static DatasetReport Run(
        IDatasetLayout layout, long pixelCap, IProgress<DatasetProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<SplitListing> listings =
        [
            .. layout.Splits.Select(
                split => List(() => layout.List(split, cancellation), source => new SplitListing(split, source), layout.Root)),
        ];
        List<DatasetFinding> findings = [.. listings.SelectMany(OfSplit), .. Overlaps(listings), .. new StrayCheck(layout, listings).Run()];
        if (listings.Count == 0)
            findings.Add(new DatasetFinding(layout.Root, $"'{layout.Root}' has no split."));

        var files = new SampleCheck(layout.ClassNames.Count, pixelCap);
        var splits = new SplitLabels(listings);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        SegmentationItem[] items = [.. listings.SelectMany(listing => listing.Items).Where(item => seen.Add(item.ImagePath))];
        DatasetImage[] images = [.. listings.SelectMany(listing => listing.Images).Where(image => seen.Add(image.Path))];
        int done = 0;
        foreach (SegmentationItem item in items)
        {
            cancellation.ThrowIfCancellationRequested();
            splits.Add(item, files.Check(item));
            progress?.Report(new DatasetProgress(++done, seen.Count));
        }

        foreach (DatasetImage image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            files.CheckImage(image.Path);
            progress?.Report(new DatasetProgress(++done, seen.Count));
        }

        splits.Report(layout.ClassNames);
        findings.AddRange(files.Findings);
        findings.AddRange(listings.SelectMany(listing => listing.Doubts));
        IEnumerable<string> notes = layout.Notes.Concat(listings.SelectMany(listing => listing.Notes));
        return new DatasetReport(
            DatasetReport.Sorted(findings), seen.Count, layout.ClassNames, files.ClassPixels, files.IgnoredPixels)
        {
            Notes = [.. notes.Except(findings.Select(finding => finding.Problem))],
            TurnedImages = files.TurnedImages,
        };
    }

    /// <summary>Lists a split; that it cannot be listed is a finding of an empty one.</summary>
    internal static TListing List<TListing>(Func<TListing> list, Func<string, TListing> empty, string root)
        where TListing : SplitFindings
    {
        try
        {
            return list();
        }
        catch (DataException failure)
        {
            TListing listing = empty(failure.Path ?? root);
            listing.Report(listing.Source, failure.Message);
            return listing;
        }
    }

    private static IEnumerable<DatasetFinding> OfSplit(SplitListing listing)
    {
        foreach (DatasetFinding problem in listing.Problems)
            yield return problem;
        foreach (IGrouping<string, DatasetImage> group in listing.Images.GroupBy(image => image.Path).Where(group => group.Count() > 1))
        {
            yield return new DatasetFinding(listing.Source,
                $"'{listing.Source}' has '{group.First().Name}' {group.Count()} times in the split '{listing.Split}'.");
        }

        if (listing.Images.Count == 0 && listing.Problems.Count == 0)
        {
            yield return new DatasetFinding(
                listing.Source, $"The split '{listing.Split}' is empty: '{listing.Source}' has no images.");
        }
    }

    /// <summary>Images that are trained on and measured with.</summary>
    private static IEnumerable<DatasetFinding> Overlaps(IReadOnlyList<SplitListing> listings) =>
        from training in listings.Where(listing => listing.Split is "train" or "trainaug")
        let trained = training.Images.Select(image => image.Path).ToHashSet(StringComparer.Ordinal)
        from measured in listings.Where(listing => listing.Split is "val" or "test")
        let shared = measured.Images.Where(image => trained.Contains(image.Path)).ToList()
        where shared.Count > 0
        select new DatasetFinding(measured.Source,
            $"'{measured.Source}' has {shared.Count} images in the split '{measured.Split}' that are in '{training.Split}' too, such as "
            + $"'{shared[0].Name}'.");
}
