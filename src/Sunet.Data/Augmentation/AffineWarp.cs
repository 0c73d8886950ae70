using Sunet.Data.Randomness;

namespace Sunet.Data.Augmentation;

/// <summary>
/// Where each pixel (x, y) of a crop comes from in its image: (XX x + XY y + X0, YX x + YY y + Y0), both in pixels with centres at whole
/// numbers.
/// </summary>
internal readonly record struct AffineWarp(float XX, float XY, float X0, float YX, float YY, float Y0)
{
    /// <summary>The centre of the image at its own scale; whole offsets, so that pixels are copied exactly.</summary>
    public static AffineWarp Centre(int height, int width, AugmentationSettings settings) =>
        new(1, 0, (width - settings.CropWidth) >> 1, 0, 1, (height - settings.CropHeight) >> 1);

    /// <summary>Draws scale, rotation, flip and the place of the crop.</summary>
    /// <param name="height">The image's height.</param>
    /// <param name="width">The image's width.</param>
    /// <param name="settings">The ranges to draw from.</param>
    /// <param name="random">The sample's own numbers.</param>
    public static AffineWarp Draw(int height, int width, AugmentationSettings settings, Philox random)
    {
        // Each number is always drawn, so that switching one setting off leaves the others as they were.
        float scale = random.NextSingle(settings.ScaleMin, settings.ScaleMax);
        float angle = random.NextSingle(-settings.RotationDegrees, settings.RotationDegrees) * (MathF.PI / 180f);
        bool flip = (random.NextUInt32() & 1) != 0 && settings.Flip;
        float left = Offset(width * scale, settings.CropWidth, random.NextSingle());
        float top = Offset(height * scale, settings.CropHeight, random.NextSingle());

        // The crop turns about its own centre: that loses fewer corners to padding than turning the whole image does.
        float halfWidth = (settings.CropWidth - 1) * 0.5f, halfHeight = (settings.CropHeight - 1) * 0.5f;
        float centreX = ((left + halfWidth + 0.5f) / scale) - 0.5f, centreY = ((top + halfHeight + 0.5f) / scale) - 0.5f;
        float sine = MathF.Sin(angle) / scale, cosine = MathF.Cos(angle) / scale;
        float xx = flip ? -cosine : cosine, yx = flip ? -sine : sine;
        return new AffineWarp(
            xx, -sine, centreX - (xx * halfWidth) + (sine * halfHeight),
            yx, cosine, centreY - (yx * halfWidth) - (cosine * halfHeight));
    }

    // Whole pixels of the scaled image: anywhere inside if it is larger than the crop, anywhere around it if it is smaller.
    private static float Offset(float size, int crop, float uniform)
    {
        float slack = MathF.Round(size) - crop;
        return slack >= 0 ? MathF.Floor(uniform * (slack + 1)) : -MathF.Floor(uniform * (1 - slack));
    }
}
