using Sunet.Data.Randomness;
using Sunet.Native.Tensors;

namespace Sunet.Data.Augmentation;

/// <summary>
/// Random brightness, contrast, saturation and lighting as in fb.resnet.torch (<c>datasets/transforms.lua</c>: ColorJitter and Lighting).
/// Every one of them is linear in the colours, given their mean, so that all and the normalisation become one matrix.
/// </summary>
internal readonly struct ColourChange
{
    private const int Brightness = 0, Contrast = 1, Saturation = 2;

    // The principal components of the colours of ImageNet's training images, in [0, 1]: a column an eigenvector.
    private static readonly double[] Deviations = [0.2175, 0.0188, 0.0045];
    private static readonly double[,] Components =
    {
        { -0.5675, 0.7192, 0.4009 },
        { -0.5808, -0.0045, -0.8140 },
        { -0.5836, -0.6948, 0.4203 },
    };

    private static readonly int[][] Orders =
    [
        [Brightness, Contrast, Saturation], [Brightness, Saturation, Contrast], [Contrast, Brightness, Saturation],
        [Contrast, Saturation, Brightness], [Saturation, Brightness, Contrast], [Saturation, Contrast, Brightness],
    ];

    private readonly int[]? order;
    private readonly double[] factors;
    private readonly double[] light;

    private ColourChange(int[] order, double[] factors, double[] light)
    {
        this.order = order;
        this.factors = factors;
        this.light = light;
    }

    /// <summary>Draws a change. Every number is always drawn, so that switching one part off leaves the others as they were.</summary>
    public static ColourChange Draw(ClassificationAugmentation settings, ref Philox random)
    {
        int[] order = Orders[random.NextInt32(Orders.Length)];
        var factors = new double[3];
        for (int i = 0; i < factors.Length; i++)
            factors[i] = 1 + (settings.ColorJitter * ((2 * random.NextSingle()) - 1));
        var steps = new double[3];
        for (int i = 0; i < steps.Length; i++)
            steps[i] = settings.Lighting * Deviations[i] * Normal(ref random);
        var light = new double[3];
        for (int colour = 0; colour < light.Length; colour++)
        {
            for (int i = 0; i < steps.Length; i++)
                light[colour] += Components[colour, i] * steps[i];
        }

        return new ColourChange(order, factors, light);
    }

    /// <summary>The change and the normalisation together, from colours of 0 to 255 to network input.</summary>
    /// <param name="normalization">How pixels become input.</param>
    /// <param name="mean">The mean colour of the sample, of 0 to 255.</param>
    /// <param name="matrix">Receives three rows of three factors and an offset.</param>
    public void ToMatrix(ImageNormalization normalization, ReadOnlySpan<double> mean, Span<float> matrix)
    {
        Span<double> rows = stackalloc double[12];
        rows.Clear();
        for (int colour = 0; colour < 3; colour++)
            rows[(colour * 4) + colour] = 1 / 255.0;
        foreach (int kind in order ?? [])
            Apply(kind, mean, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            int colour = i / 4;
            double offset = i % 4 == 3 ? (order is null ? 0 : light[colour]) - normalization.Mean[colour] : 0;
            matrix[i] = (float)((rows[i] + offset) / normalization.Deviation[colour]);
        }
    }

    /// <summary>Blends with black, with the mean grey or with the pixel's own grey.</summary>
    private void Apply(int kind, ReadOnlySpan<double> mean, Span<double> rows)
    {
        Span<double> grey = stackalloc double[4];
        for (int i = 0; i < grey.Length; i++)
            grey[i] = (0.299 * rows[i]) + (0.587 * rows[4 + i]) + (0.114 * rows[8 + i]);
        double meanGrey = (grey[0] * mean[0]) + (grey[1] * mean[1]) + (grey[2] * mean[2]) + grey[3];
        double factor = factors[kind];
        for (int i = 0; i < rows.Length; i++)
        {
            double target = kind switch
            {
                Brightness => 0,
                Contrast => i % 4 == 3 ? meanGrey : 0,
                _ => grey[i % 4],
            };
            rows[i] = (factor * rows[i]) + ((1 - factor) * target);
        }
    }

    private static double Normal(ref Philox random)
    {
        // Box and Muller; 1 minus a number below 1 is never 0.
        double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextSingle()));
        return radius * Math.Cos(2 * Math.PI * random.NextSingle());
    }
}
