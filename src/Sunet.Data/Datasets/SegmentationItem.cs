using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets;

/// <summary>One image of a data set and where its label map lies.</summary>
/// <param name="Name">The name the split lists it under, without extension.</param>
/// <param name="ImagePath">A JPEG or PNG file.</param>
/// <param name="LabelPath">The file the labels come from: a palette or grey PNG of class indices, or what the layout has instead.</param>
public sealed record SegmentationItem(string Name, string ImagePath, string LabelPath)
{
    /// <summary>How the labels are read.</summary>
    internal ILabelReader Labels { get; init; } = PngLabels.Instance;

    /// <summary>The label map's size without decoding it; null where that cannot be told, and loading it tells why.</summary>
    public (int Height, int Width)? ReadSize() => Labels.ReadSize(LabelPath);
}
