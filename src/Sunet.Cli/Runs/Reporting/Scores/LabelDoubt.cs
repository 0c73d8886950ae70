using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>A region of an image whose label is one class while the network is sure of another, so that the label may be wrong.</summary>
/// <param name="Label">The class that the label map has.</param>
/// <param name="Prediction">The class that was predicted.</param>
/// <param name="Confidence">The mean of the predicted class's probability.</param>
/// <param name="Pixels">The size of the region.</param>
/// <param name="Left">Its leftmost column.</param>
/// <param name="Top">Its uppermost row.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Height">Its rows.</param>
internal sealed record LabelDoubt(
    int Label, int Prediction, double Confidence, int Pixels, int Left, int Top, int Width, int Height)
{
    /// <summary>The probability above which the network is sure of a pixel.</summary>
    public const float SureFrom = 0.95f;

    private const int FewestPixels = 16, PartOfImage = 2000;

    /// <summary>The fewest pixels of a region that is found in an image, so that specks are not.</summary>
    /// <param name="pixels">The image's pixels.</param>
    public static int SmallestRegion(int pixels) => Math.Max(FewestPixels, pixels / PartOfImage);

    /// <summary>Finds the regions of an image, the largest first.</summary>
    /// <param name="labels">[H, W]; 255 takes no part.</param>
    /// <param name="probabilities">[classes, H, W].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="marks">Receives 1 where the network is sure of another class than the label, else 0; [H, W].</param>
    public static IReadOnlyList<LabelDoubt> Find(
        ReadOnlySpan2D<byte> labels, ReadOnlySpan<float> probabilities, int classes, Span2D<byte> marks)
    {
        (int height, int width) = (labels.Height, labels.Width);
        int pixels = height * width;
        var keys = new ushort[pixels];
        var confidences = new float[pixels];
        for (int i = 0; i < pixels; i++)
        {
            byte label = labels[i / width, i % width];
            (int best, float confidence) = Likeliest(probabilities, i, pixels, classes);
            bool isDoubt = label != LabelFile.IgnoreLabel && best != label && confidence > SureFrom;
            marks[i / width, i % width] = isDoubt ? (byte)1 : (byte)0;
            if (isDoubt)
                (keys[i], confidences[i]) = ((ushort)((label * classes) + best + 1), confidence);
        }

        int smallest = SmallestRegion(pixels);
        return
        [
            .. RegionFinder.Find(keys, width, confidences)
                .Where(region => region.Pixels >= smallest)
                .OrderByDescending(region => region.Pixels).ThenBy(region => region.Top).ThenBy(region => region.Left)
                .Select(region => new LabelDoubt((region.Key - 1) / classes, (region.Key - 1) % classes,
                    region.WeightSum / region.Pixels, region.Pixels, region.Left, region.Top, region.Width, region.Height)),
        ];
    }

    private static (int Class, float Probability) Likeliest(ReadOnlySpan<float> probabilities, int pixel, int stride, int classes)
    {
        (int best, float largest) = (0, probabilities[pixel]);
        for (int c = 1; c < classes; c++)
        {
            float probability = probabilities[(c * stride) + pixel];
            if (probability > largest)
                (best, largest) = (c, probability);
        }

        return (best, largest);
    }
}
