using Sunet.Native.Models.Networks;

namespace Sunet.Native.Models;

/// <summary>
/// A network's weights to read: in ordinary memory, a <see cref="SunetModel"/>, or in their file, a <c>SunetModelFile</c>.
/// </summary>
public interface ISunetWeights
{
    /// <summary>What the network is.</summary>
    SunetSpec Spec { get; }

    /// <summary>The elements of a parameter or running statistic, row-major; they may be gone once another is read.</summary>
    /// <param name="name">The state-dict key.</param>
    /// <exception cref="ArgumentException">The network has none of that name.</exception>
    ReadOnlySpan<float> Read(string name);
}
