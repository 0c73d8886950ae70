using System.Text;
using Sunet.Native.Graphs;

namespace Sunet.Native.Backends.Shared;

/// <summary>The name by which a backend finds the kernel of a pointwise op.</summary>
internal static class KernelName
{
    private const string Gradient = "Gradient", Backward = "Backward";

    /// <summary>The kind in lower case, a gradient's as the backward of its layer's: <c>relu</c>, <c>relu_backward</c>.</summary>
    public static string Of(Op op) => OfKind(op.Kind);

    /// <summary>Gives the kernel's name by the kind of op, such as <c>ReluGradient</c>.</summary>
    public static string OfKind(string opKind)
    {
        string kind = opKind.EndsWith(Gradient, StringComparison.Ordinal) ? opKind[..^Gradient.Length] + Backward : opKind;
        var name = new StringBuilder();
        foreach (char letter in kind)
        {
            if (char.IsAsciiLetterUpper(letter) && name.Length > 0)
                name.Append('_');
            name.Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }
}
