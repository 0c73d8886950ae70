using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>One picture of a mosaic.</summary>
/// <param name="Name">Written into its corner.</param>
/// <param name="Image">[H, W].</param>
/// <param name="Labels">[H, W] class indices: ground truth or prediction.</param>
internal readonly record struct MosaicTile(string Name, ReadOnlyMemory2D<Rgb> Image, ReadOnlyMemory2D<byte> Labels);
