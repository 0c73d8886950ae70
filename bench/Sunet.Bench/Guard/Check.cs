namespace Sunet.Bench.Guard;

/// <summary>A bar and the work that shows whether it is held.</summary>
/// <param name="Bar">The bar.</param>
/// <param name="Measure">Measures; null where this machine or system cannot tell.</param>
internal sealed record Check(Bar Bar, Func<GuardFixture, double?> Measure);
