namespace Sunet.Data.Datasets.Coco;

/// <summary>Passes findings on to a list, the first thousand one by one and the others as a number: a file may have millions.</summary>
/// <param name="target">Gets them.</param>
/// <param name="source">The file that they are of.</param>
internal sealed class LimitedReport(List<DatasetFinding> target, string source)
{
    private const int Most = 1000;

    private int count;

    /// <summary>Notes a problem.</summary>
    public void Report(string path, string problem)
    {
        if (++count <= Most)
            target.Add(new DatasetFinding(path, problem));
    }

    /// <summary>Notes a problem of the file itself.</summary>
    public void Report(string problem) => Report(source, problem);

    /// <summary>Notes how many were not passed on.</summary>
    public void Close()
    {
        if (count > Most)
            target.Add(new DatasetFinding(source, $"'{source}' has {count - Most} more such problems."));
    }
}
