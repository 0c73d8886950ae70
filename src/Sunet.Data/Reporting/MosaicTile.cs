using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>One image of a mosaic.</summary>
/// <param name="Name">Written above it.</param>
/// <param name="Image">[H, W].</param>
/// <param name="Truth">[H, W] class indices: the ground truth.</param>
/// <param name="Prediction">[H, W] class indices: what was predicted.</param>
internal readonly record struct MosaicTile(
    string Name, ReadOnlyMemory2D<Rgb> Image, ReadOnlyMemory2D<byte> Truth, ReadOnlyMemory2D<byte> Prediction);
