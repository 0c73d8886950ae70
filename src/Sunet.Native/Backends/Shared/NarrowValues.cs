using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Shared;

/// <summary>
/// Which values are bfloat16 where that is the precision, on every backend: images and activations [N, C, H, W] and their gradients, but
/// for what an op keeps in float32. Parameters, their gradients, statistics and the loss are float32 always.
/// </summary>
internal static class NarrowValues
{
    /// <summary>Whether the value is bfloat16 in a precision.</summary>
    public static bool IsBf16(Value value, Precision precision) => precision == Precision.Bf16 && value.Type == DataType.Float32
        && value.Shape.Rank == 4 && value.GradientOf is null
        && (value.Kind == ValueKind.Input || value.Producer is { KeepsFloat32: false });
}
