namespace Sunet.Data.Datasets;

/// <summary>One thing wrong with a data set.</summary>
/// <param name="Path">The file or folder at fault.</param>
/// <param name="Problem">One sentence that names it.</param>
internal sealed record DatasetFinding(string Path, string Problem);
