using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>
/// An op that makes every element of its output from the elements at the same place in one or two inputs of the output's shape. Backends
/// find its kernel by its kind, so a new one needs a kernel on each and no other place there.
/// </summary>
internal interface IPointwise
{
    /// <summary>The kernel's first operand.</summary>
    Value First { get; }

    /// <summary>The kernel's second operand; null where it takes one.</summary>
    Value? Second => null;

    /// <summary>A number that the kernel takes, such as a slope; null where it takes none.</summary>
    float? Coefficient => null;
}
