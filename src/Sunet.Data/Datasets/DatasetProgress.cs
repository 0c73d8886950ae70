namespace Sunet.Data.Datasets;

/// <summary>How far work on a data set is.</summary>
/// <param name="Done">Images that are done.</param>
/// <param name="Total">Images there are.</param>
internal readonly record struct DatasetProgress(int Done, int Total);
