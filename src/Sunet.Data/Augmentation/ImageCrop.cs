using Sunet.Data.Randomness;

namespace Sunet.Data.Augmentation;

/// <summary>
/// A part of an image, resized to <paramref name="ResizedHeight"/> x <paramref name="ResizedWidth"/>; of that the sample begins at
/// <paramref name="SampleTop"/>, <paramref name="SampleLeft"/>.
/// </summary>
internal readonly record struct ImageCrop(
    int Top, int Left, int Height, int Width, int ResizedHeight, int ResizedWidth, int SampleTop, int SampleLeft)
{
    /// <summary>Draws a crop as torchvision's RandomResizedCrop does: ten tries, then the centre of a shape within the range.</summary>
    /// <param name="height">The image's height.</param>
    /// <param name="width">The image's width.</param>
    /// <param name="settings">The ranges to draw from.</param>
    /// <param name="random">The sample's own numbers.</param>
    public static ImageCrop Draw(int height, int width, ClassificationAugmentation settings, ref Philox random)
    {
        const int Tries = 10;
        double area = (double)height * width, logMin = Math.Log(settings.RatioMin), logMax = Math.Log(settings.RatioMax);
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            double target = area * (settings.AreaMin + ((settings.AreaMax - settings.AreaMin) * random.NextSingle()));
            double ratio = Math.Exp(logMin + ((logMax - logMin) * random.NextSingle()));
            int w = (int)Math.Round(Math.Sqrt(target * ratio)), h = (int)Math.Round(Math.Sqrt(target / ratio));
            if (w > 0 && w <= width && h > 0 && h <= height)
                return Whole(random.NextInt32(height - h + 1), random.NextInt32(width - w + 1), h, w, settings);
        }

        int across = Math.Max(1, Math.Min(width, (int)Math.Round(height * settings.RatioMax)));
        int down = Math.Max(1, Math.Min(height, (int)Math.Round(width / settings.RatioMin)));
        return Whole((height - down) / 2, (width - across) / 2, down, across, settings);
    }

    /// <summary>Resizes the short side, as torchvision's Resize does, and takes the centre.</summary>
    public static ImageCrop Centre(int height, int width, ClassificationAugmentation settings)
    {
        int side = settings.ResizeShortSide, shorter = Math.Min(height, width);
        int resizedHeight = (int)((long)side * height / shorter), resizedWidth = (int)((long)side * width / shorter);
        return new ImageCrop(0, 0, height, width, resizedHeight, resizedWidth,
            Half(resizedHeight - settings.CropHeight), Half(resizedWidth - settings.CropWidth));
    }

    /// <summary>
    /// By how much a decoder may reduce the image so that neither side of what is resized gets smaller than it will be: 1, 2, 4 or 8.
    /// </summary>
    public int Reduction()
    {
        int by = 8;
        while (by > 1 && (Height < by * ResizedHeight || Width < by * ResizedWidth))
            by /= 2;
        return by;
    }

    private static ImageCrop Whole(int top, int left, int height, int width, ClassificationAugmentation settings) =>
        new(top, left, height, width, settings.CropHeight, settings.CropWidth, 0, 0);

    // Python's round, which CenterCrop calls, takes halves to the even neighbour.
    private static int Half(int slack) => (int)Math.Round(slack / 2.0);
}
