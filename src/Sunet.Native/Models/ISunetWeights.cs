using Sunet.Native.Models.Networks;

namespace Sunet.Native.Models;

/// <summary>
/// Gives read access to a network's weights, either in ordinary memory (<see cref="SunetModel"/>) or in their file (<c>SunetModelFile</c>).
/// </summary>
public interface ISunetWeights
{
    /// <summary>The configuration of the network.</summary>
    SunetSpec Spec { get; }

    /// <summary>The elements of a parameter or running statistic, row-major; they may be gone once another is read.</summary>
    /// <param name="name">The state-dict key.</param>
    /// <exception cref="ArgumentException">The network has none of that name.</exception>
    ReadOnlySpan<float> Read(string name);
}
