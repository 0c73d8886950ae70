using System.Numerics;
using System.Runtime.InteropServices;

namespace Sunet.Native.Models;

/// <summary>
/// A network's weights, each checked when it is first read. With NaN, infinity or a negative variance among them a network still labels
/// every pixel, and every label is wrong.
/// </summary>
/// <param name="model">The weights.</param>
internal sealed class SoundWeights(ISunetWeights model)
{
    private readonly HashSet<string> sound = [];

    /// <summary>Reads a parameter or running statistic.</summary>
    /// <exception cref="CheckpointException">It is not sound; the message names it.</exception>
    public ReadOnlySpan<float> Read(string name)
    {
        ReadOnlySpan<float> elements = model.Read(name);
        if (sound.Add(name))
            Require(name, elements, path: null);
        return elements;
    }

    /// <summary>Refuses elements that make every prediction nonsense.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="elements">All of it.</param>
    /// <param name="path">The checkpoint it comes from; null for a model in memory.</param>
    /// <exception cref="CheckpointException">There are some; the message names the tensor.</exception>
    public static void Require(string name, ReadOnlySpan<float> elements, string? path)
    {
        string? problem = !AreFinite(elements) ? "NaN or infinity"
            : name.EndsWith(".running_var", StringComparison.Ordinal) && HasNegative(elements) ? "a negative variance"
            : null;
        if (problem is null)
            return;
        string of = path is null ? "the model" : $"checkpoint '{path}'";
        throw new CheckpointException(
            $"Tensor '{name}' of {of} has {problem}, so that nothing can be predicted with it; take weights from before that came about.",
            path);
    }

    private static bool AreFinite(ReadOnlySpan<float> elements)
    {
        // NaN and infinity are the numbers whose exponent has all bits set.
        var exponent = new Vector<uint>(0x7f80_0000);
        ReadOnlySpan<Vector<uint>> vectors = MemoryMarshal.Cast<float, Vector<uint>>(elements);
        foreach (Vector<uint> vector in vectors)
        {
            if (Vector.EqualsAny(vector & exponent, exponent))
                return false;
        }

        foreach (float element in elements[(vectors.Length * Vector<uint>.Count)..])
        {
            if (!float.IsFinite(element))
                return false;
        }

        return true;
    }

    private static bool HasNegative(ReadOnlySpan<float> elements)
    {
        foreach (float element in elements)
        {
            if (element < 0)
                return true;
        }

        return false;
    }
}
