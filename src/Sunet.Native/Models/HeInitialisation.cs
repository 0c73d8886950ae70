using System.IO.Hashing;
using System.Text;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models;

/// <summary>
/// He initialisation ([44] of the paper, arXiv 1502.01852): weights are normal with variance 2 / fan-in. Numbers come from a counter, so
/// a parameter's values depend on seed and name alone.
/// </summary>
internal static class HeInitialisation
{
    public static void Fill(string name, Shape shape, ulong seed, Span<float> elements)
    {
        if (shape.Rank == 1)
        {
            FillVector(name, elements);
            return;
        }

        bool transposed = name.EndsWith("deconv0.weight", StringComparison.Ordinal);
        double deviation = Math.Sqrt(2.0 / (shape[transposed ? 0 : 1] * (double)shape[2] * shape[3]));
        ulong key = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(name), unchecked((long)seed));
        for (int i = 0; i < elements.Length; i++)
        {
            // Box-Muller; 1 - u lies in (0, 1], where the logarithm is finite.
            double radius = Math.Sqrt(-2 * Math.Log(1 - Unit(key, 2 * (ulong)i)));
            elements[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * Unit(key, (2 * (ulong)i) + 1)));
        }
    }

    /// <summary>Fills a bias, or a vector of a batch-norm that is the identity: its scale and variance are one.</summary>
    public static void FillVector(string name, Span<float> elements)
    {
        bool one = name.EndsWith("running_var", StringComparison.Ordinal) || name.EndsWith(".weight", StringComparison.Ordinal);
        elements.Fill(one ? 1 : 0);
    }

    /// <summary>SplitMix64 at a counter, as a number in [0, 1).</summary>
    private static double Unit(ulong key, ulong counter)
    {
        ulong z = key + ((counter + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1L << 53));
    }
}
