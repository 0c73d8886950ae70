namespace Sunet.Native.Inference;

/// <summary>
/// Counts the images whose label is not the likeliest class, and those whose label is not among the five likeliest.
/// </summary>
/// <remarks>
/// A class ranks before the label if its score is higher, or equal and its index lower; a score that is no number ranks before everything.
/// So the likeliest class is the first maximum, as for pixels, and a model that tells nothing apart is not taken to be right.
/// </remarks>
internal sealed class TopKErrors
{
    private const int Most = 5;

    /// <summary>Creates empty counts.</summary>
    /// <param name="classes">The number of classes, from 1.</param>
    public TopKErrors(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Classes = classes;
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>Images counted.</summary>
    public long Images { get; private set; }

    /// <summary>Images whose likeliest class is not their label.</summary>
    public long Top1Wrong { get; private set; }

    /// <summary>Images whose label is not among their five likeliest classes.</summary>
    public long Top5Wrong { get; private set; }

    /// <summary><see cref="Top1Wrong"/> as a share in [0, 1]; NaN without images.</summary>
    public double Top1Error => (double)Top1Wrong / Images;

    /// <summary><see cref="Top5Wrong"/> as a share in [0, 1]; NaN without images.</summary>
    public double Top5Error => (double)Top5Wrong / Images;

    /// <summary>Counts one image.</summary>
    /// <param name="scores">[classes] logits or probabilities.</param>
    /// <param name="label">Below the number of classes.</param>
    /// <exception cref="ArgumentException">The number of scores differs, or the label is out of range; nothing is counted then.</exception>
    public void Add(ReadOnlySpan<float> scores, int label)
    {
        if (scores.Length != Classes)
            throw new ArgumentException($"There are {scores.Length} scores for {Classes} classes.", nameof(scores));
        if ((uint)label >= (uint)Classes)
            throw new ArgumentException($"Label {label} is not below {Classes}.", nameof(label));
        int before = float.IsNaN(scores[label]) ? Most : 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > scores[label] || (scores[i] == scores[label] && i < label) || float.IsNaN(scores[i]))
                before++;
        }

        Images++;
        Top1Wrong += before >= 1 ? 1 : 0;
        Top5Wrong += before >= Most ? 1 : 0;
    }
}
