namespace Sunet.Data.Datasets.Coco;

/// <summary>Passes problems on to a listing, the first thousand one by one and the others as a number: a file may have millions.</summary>
/// <param name="listing">Gets them.</param>
internal sealed class LimitedReport(SplitListing listing)
{
    private const int Most = 1000;

    private int count;

    /// <summary>Notes a problem.</summary>
    public void Report(string path, string problem)
    {
        if (++count <= Most)
            listing.Report(path, problem);
    }

    /// <summary>Notes how many were not passed on.</summary>
    public void Close()
    {
        if (count > Most)
            listing.Report(listing.Source, $"'{listing.Source}' has {count - Most} more such problems.");
    }
}
