using Sunet.Native.Graphs;

namespace Sunet.Native.Models.Networks;

/// <summary>One depth of a network and what it computes there.</summary>
/// <param name="Group">
/// The block it belongs to, such as <c>features.unet1_0</c>; <c>features</c> for the stem and the residual block.
/// </param>
/// <param name="Name">Such as <c>features.unet1_0.down.0</c>; a module's sum has the module's own name.</param>
/// <param name="Value">[N, C, H, W].</param>
internal sealed record NetworkLevel(string Group, string Name, Value Value);
