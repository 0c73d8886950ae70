using Sunet.Native.Backends;
using Sunet.Native.Ops;
using Sunet.Verification.Reference;

namespace Sunet.Verification;

/// <summary>
/// The largest errors that a backend may have against float64, by the arithmetic it rounds in. All errors are L2 distances relative to the
/// result.
/// </summary>
internal static class Tolerances
{
    private static readonly double Float32Roundoff = Math.ScaleB(1, -24);
    private static readonly double Tf32Roundoff = Math.ScaleB(1, -11);
    private static readonly double Bf16Roundoff = Math.ScaleB(1, -8);

    private static readonly string[] Products =
        [.. OpGraph.Convolutions, nameof(Linear), nameof(LinearDataGradient), nameof(LinearWeightGradient)];

    /// <summary>Gives the largest error allowed for a single op whose inputs are exact.</summary>
    /// <param name="kind">One of <see cref="OpGraph.Kinds"/>.</param>
    /// <param name="terms">Terms in its longest sum.</param>
    /// <param name="precision">The arithmetic.</param>
    public static double OfOp(string kind, long terms, Precision precision)
    {
        bool isProduct = Products.Contains(kind);

        // Rounding of a sum of K terms grows as sqrt(K) units of roundoff: four of its deviations. Below that, a unit in the last place of
        // an exponential or a reciprocal; for products, algorithms that transform their input (Winograd) lose some ten units more.
        double float32 = Math.Max(isProduct ? 1e-5 : 1e-6, 4 * Math.Sqrt(terms) * Float32Roundoff);
        return precision switch
        {
            // Both factors of a product are rounded; errors and terms add up alike, so the ratio does not depend on how many there are.
            Precision.Tf32 when isProduct => float32 + (2 * Tf32Roundoff),

            // The result is rounded once when it is stored; inputs are multiples of 1/32 and take no rounding.
            Precision.Bf16 => float32 + Bf16Roundoff,
            _ => float32,
        };
    }

    /// <summary>The largest error allowed in float32 for a layer with a loss and all gradients, which is a few ops in a row.</summary>
    public const double Layer = 1e-5;

    /// <summary>Gives the largest errors allowed for whole networks.</summary>
    public static GoldenBars OfNetwork(Precision precision) => precision switch
    {
        // A hundred layers, each a roundoff of its own: sqrt(100) units would be 5e-3 and 4e-2. Gradients are not held to a bar in less
        // than float32: a ReLU whose input is rounded across zero switches its whole gradient, which says nothing about the arithmetic.
        Precision.Tf32 => new GoldenBars(Forward: 5e-3, WorstGradient: null, MedianGradient: null, Descent: 2e-2, Moved: 1e-2),
        Precision.Bf16 => new GoldenBars(Forward: 3e-2, WorstGradient: null, MedianGradient: null, Descent: 5e-2, Moved: 5e-2),
        _ => new GoldenBars(Forward: 1e-5, WorstGradient: 0.05, MedianGradient: 0.005, Descent: 1e-4, Moved: 1e-4),
    };
}

/// <summary>The largest errors that a network may have against PyTorch's float64.</summary>
/// <param name="Forward">Loss, logits, running statistics, probabilities.</param>
/// <param name="WorstGradient">The worst parameter's gradient; null for no bar.</param>
/// <param name="MedianGradient">The median over parameters; null for no bar.</param>
/// <param name="Descent">The losses of a few training steps.</param>
/// <param name="Moved">The share of pixels whose class changes.</param>
internal sealed record GoldenBars(double Forward, double? WorstGradient, double? MedianGradient, double Descent, double Moved);
