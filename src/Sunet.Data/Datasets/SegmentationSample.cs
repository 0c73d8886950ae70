using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets;

/// <summary>One decoded image and its labels, of equal size.</summary>
/// <param name="Name">The item's name.</param>
/// <param name="Image">[H, W].</param>
/// <param name="Labels">[H, W] class indices below the class count, or 255 for ignore.</param>
public sealed record SegmentationSample(string Name, Memory2D<Rgb> Image, Memory2D<byte> Labels);
