namespace Sunet.Data.Datasets;

/// <summary>One image of a data set, with or without labels.</summary>
/// <param name="Name">The name the split lists it under, without extension.</param>
/// <param name="Path">A JPEG or PNG file.</param>
internal sealed record DatasetImage(string Name, string Path);
