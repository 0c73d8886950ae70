using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>Weights that call back whenever one is read.</summary>
internal sealed class WatchedWeights(SunetModel model) : ISunetWeights
{
    /// <summary>Called with every name.</summary>
    public Action<string>? OnRead { get; set; }

    public SunetSpec Spec => model.Spec;

    public ReadOnlySpan<float> Read(string name)
    {
        OnRead?.Invoke(name);
        return model.Read(name);
    }
}
