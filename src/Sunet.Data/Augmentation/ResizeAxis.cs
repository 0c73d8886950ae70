namespace Sunet.Data.Augmentation;

/// <summary>
/// The weights with which the samples of a row or column are made: a triangle as wide as the reduction, as Pillow's BILINEAR has
/// (<c>libImaging/Resample.c</c>). What reaches over the edge of the part is left out and the others weigh more.
/// </summary>
internal sealed class ResizeAxis
{
    private int[] starts = [];
    private float[] weights = [];

    /// <summary>The taps of every sample; those beyond a sample's own weigh nothing.</summary>
    public int Taps { get; private set; }

    /// <summary>The first pixel that any sample reads.</summary>
    public int First { get; private set; }

    /// <summary>The pixel behind the last that any sample reads.</summary>
    public int End { get; private set; }

    /// <summary>Prepares for one image.</summary>
    /// <param name="size">The image's pixels.</param>
    /// <param name="from">Where the part begins, in pixels.</param>
    /// <param name="length">The part's pixels.</param>
    /// <param name="resized">What it is resized to.</param>
    /// <param name="offset">The first sample of that.</param>
    /// <param name="samples">How many there are.</param>
    public void Prepare(int size, double from, double length, int resized, int offset, int samples)
    {
        double step = length / resized, support = Math.Max(1, step);
        int low = (int)Math.Floor(from), high = Math.Min(size, (int)Math.Ceiling(from + length));
        Taps = Math.Min(high - low, ((int)Math.Ceiling(support) * 2) + 1);
        if (starts.Length < samples)
            starts = new int[samples];
        if (weights.Length < samples * Taps)
            weights = new float[samples * Taps];
        for (int i = 0; i < samples; i++)
            starts[i] = Fill(from + ((i + offset + 0.5) * step), support, low, high, weights.AsSpan(i * Taps, Taps));
        First = starts[0];
        End = starts[samples - 1] + Taps;
    }

    /// <summary>The first pixel that a sample reads.</summary>
    public int Start(int sample) => starts[sample];

    /// <summary>The weights of a sample's pixels; they sum to 1.</summary>
    public ReadOnlySpan<float> Weights(int sample) => weights.AsSpan(sample * Taps, Taps);

    private static int Fill(double centre, double support, int low, int high, Span<float> weights)
    {
        int first = Math.Max(low, (int)(centre - support + 0.5)), last = Math.Min(high, (int)(centre + support + 0.5));

        // All samples have as many taps, so that the last ones begin earlier than they would have to.
        int start = Math.Min(first, high - weights.Length);
        double sum = 0;
        for (int i = first; i < last; i++)
            sum += Triangle((i + 0.5 - centre) / support);
        weights.Clear();
        for (int i = first; i < last; i++)
            weights[i - start] = (float)(Triangle((i + 0.5 - centre) / support) / sum);
        return start;
    }

    private static double Triangle(double distance) => Math.Max(0, 1 - Math.Abs(distance));
}
