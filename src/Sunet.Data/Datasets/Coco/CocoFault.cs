namespace Sunet.Data.Datasets.Coco;

/// <summary>An object that covers no pixel because its outline describes no area.</summary>
/// <param name="AnnotationId">Its number in the file.</param>
/// <param name="ImageId">The image it is on.</param>
/// <param name="Reason">Why, as half a sentence.</param>
internal readonly record struct CocoFault(long AnnotationId, long ImageId, string Reason);
