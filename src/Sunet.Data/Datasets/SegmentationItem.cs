namespace Sunet.Data.Datasets;

/// <summary>One image of a data set and where its label map lies.</summary>
/// <param name="Name">The name the split lists it under, without extension.</param>
/// <param name="ImagePath">A JPEG or PNG file.</param>
/// <param name="LabelPath">A palette or grey PNG file of class indices.</param>
public sealed record SegmentationItem(string Name, string ImagePath, string LabelPath);
