namespace Sunet.Data.Datasets.Coco;

/// <summary>An object on an image: what it is and where its outline lies.</summary>
/// <param name="AnnotationId">Its number in the file.</param>
/// <param name="Label">Its class, above 0.</param>
/// <param name="Outline">In the annotation file.</param>
internal readonly record struct CocoObject(long AnnotationId, byte Label, FileSlice Outline);
