namespace Sunet.Data.Datasets.Coco;

/// <summary>Where a value lies in a file.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">The bytes.</param>
internal readonly record struct FileSlice(long Offset, int Length);

/// <summary>An image of an annotation file.</summary>
/// <param name="Id">Its number there.</param>
/// <param name="FileName">Relative to the folder of images.</param>
/// <param name="Height">In pixels, above 0.</param>
/// <param name="Width">In pixels, above 0.</param>
internal readonly record struct CocoImage(long Id, string FileName, int Height, int Width);

/// <summary>An object that was outlined.</summary>
/// <param name="Id">Its number in the file.</param>
/// <param name="ImageId">The image it is in.</param>
/// <param name="CategoryId">Its category.</param>
/// <param name="Area">In pixels, as the file has it.</param>
/// <param name="Segmentation">Where its outline lies.</param>
/// <param name="Shape">What its outline can describe.</param>
internal readonly record struct CocoAnnotation(
    long Id, long ImageId, long CategoryId, double Area, FileSlice Segmentation, OutlineShape Shape);

/// <summary>A kind of object.</summary>
/// <param name="Id">Its number in the file.</param>
/// <param name="Name">Such as <c>airplane</c>, without blanks around it.</param>
/// <param name="Group">The name of the kinds it belongs to, without blanks around it; empty for none.</param>
internal readonly record struct CocoCategory(long Id, string Name, string Group);

/// <summary>What an annotation file holds, outlines left where they are.</summary>
/// <param name="Path">The file.</param>
/// <param name="Length">Its bytes.</param>
internal sealed record CocoFile(string Path, long Length)
{
    /// <summary>The images, in the file's order.</summary>
    public List<CocoImage> Images { get; } = [];

    /// <summary>The annotations, in the file's order.</summary>
    public List<CocoAnnotation> Annotations { get; } = [];

    /// <summary>The categories, in the file's order.</summary>
    public List<CocoCategory> Categories { get; } = [];
}
