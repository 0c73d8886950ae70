namespace Sunet.Native.Graphs;

/// <summary>
/// Gives the elements of one of the model's parameters or buffers by its state-dict key, row-major; they may be gone once another is read.
/// </summary>
/// <param name="name">The state-dict key.</param>
public delegate ReadOnlySpan<float> ParameterReader(string name);

/// <summary>How a parameter that a pass has made follows from the model's own. Computed once, when a plan is loaded.</summary>
internal abstract class ParameterDerivation
{
    /// <summary>Computes the derived parameter.</summary>
    /// <param name="model">Reads the model's own parameters.</param>
    /// <param name="destination">Receives the elements, row-major.</param>
    public abstract void Compute(ParameterReader model, Span<float> destination);
}
