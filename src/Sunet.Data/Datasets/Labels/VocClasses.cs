namespace Sunet.Data.Datasets.Labels;

/// <summary>The classes of PASCAL VOC, which data sets without a list of classes are assumed to have.</summary>
internal static class VocClasses
{
    /// <summary>The names of the 21 classes by index, background first.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
        "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];
}
