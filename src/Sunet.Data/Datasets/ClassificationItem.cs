namespace Sunet.Data.Datasets;

/// <summary>One image of a data set for classification.</summary>
/// <param name="Name">Its path within the split, without extension.</param>
/// <param name="ImagePath">A JPEG or PNG file, told by its content.</param>
/// <param name="Label">Its class, below the class count.</param>
public sealed record ClassificationItem(string Name, string ImagePath, int Label);
