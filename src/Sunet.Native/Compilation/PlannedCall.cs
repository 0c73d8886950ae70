using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation;

/// <summary>One op of a plan with its prepared call.</summary>
/// <param name="Op">The op.</param>
/// <param name="Call">What runs.</param>
internal readonly record struct PlannedCall(Op Op, PreparedCall Call);
