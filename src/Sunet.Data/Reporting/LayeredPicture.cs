using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>
/// A photograph, and drawings of its size that a page lays over it: the true classes, the predicted ones, and marked pixels.
/// </summary>
/// <param name="Height">Of all layers, in pixels.</param>
/// <param name="Width">Of all layers; the layers may be smaller than the image.</param>
/// <param name="Photograph">The image.</param>
/// <param name="Truth">Its labels in the classes' colours, half transparent.</param>
/// <param name="Prediction">What was predicted, in the same colours.</param>
/// <param name="Marks">Dark over all pixels but those that are marked.</param>
internal sealed record LayeredPicture(
    int Height, int Width, EncodedPicture Photograph, EncodedPicture Truth, EncodedPicture Prediction, EncodedPicture Marks)
{
    /// <summary>The most bytes that all layers have together, but for an image that cannot be shown in fewer.</summary>
    public const int MostBytes = 110_000;

    private const int Quality = 78;
    private const uint HalfOpaque = 128, Opaque = 255;

    /// <summary>Right and ignored pixels lie in the dark; wrong ones have a colour of their own.</summary>
    private const uint Dark = 0xA0000000, Marked = 0x96A000FF;

    /// <summary>The longest side of the layers; the first with which they are small enough is taken.</summary>
    private static readonly int[] Sides = [512, 400, 320, 256, 192];

    /// <summary>The bytes of all layers.</summary>
    public int Bytes => Photograph.Bytes.Length + Truth.Bytes.Length + Prediction.Bytes.Length + Marks.Bytes.Length;

    /// <summary>Draws and encodes the layers.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="truth">[H, W] true classes; 255 for pixels that take no part.</param>
    /// <param name="prediction">[H, W] predicted classes.</param>
    /// <param name="marks">[H, W]; a pixel that is not 0 is marked.</param>
    /// <param name="colours">Of the classes.</param>
    /// <exception cref="ArgumentException">The sizes differ, or the image is empty.</exception>
    public static LayeredPicture Draw(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> truth, ReadOnlySpan2D<byte> prediction,
        ReadOnlySpan2D<byte> marks, ClassColours colours)
    {
        (int height, int width) = (image.Height, image.Width);
        if ((truth.Height, truth.Width) != (height, width) || (prediction.Height, prediction.Width) != (height, width)
            || (marks.Height, marks.Width) != (height, width))
        {
            throw new ArgumentException($"The image is {width} x {height} and a layer is not.", nameof(image));
        }

        LayeredPicture picture;
        int attempt = 0;
        do
        {
            double factor = Math.Min(1, (double)Sides[attempt] / Math.Max(height, width));
            int h = Math.Max(1, (int)Math.Round(height * factor)), w = Math.Max(1, (int)Math.Round(width * factor));
            picture = new LayeredPicture(h, w,
                EncodedPicture.Photograph(Resampling.Resize(image, h, w), Quality),
                EncodedPicture.Drawing(Tint(Resampling.Resize(truth, h, w), colours)),
                EncodedPicture.Drawing(Tint(Resampling.Resize(prediction, h, w), colours)),
                EncodedPicture.Drawing(Mark(Resampling.Resize(marks, h, w))));
        }
        while (picture.Bytes > MostBytes && ++attempt < Sides.Length);
        return picture;
    }

    /// <summary>The classes' colours, opaque along their borders; background and ignored pixels show the photograph.</summary>
    private static uint[,] Tint(byte[,] labels, ClassColours colours)
    {
        int height = labels.GetLength(0), width = labels.GetLength(1);
        var drawing = new uint[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                byte label = labels[y, x];
                if (!colours.Shows(label))
                    continue;
                bool isBorder = (y > 0 && labels[y - 1, x] != label) || (y + 1 < height && labels[y + 1, x] != label)
                    || (x > 0 && labels[y, x - 1] != label) || (x + 1 < width && labels[y, x + 1] != label);
                Rgb colour = colours[label];
                drawing[y, x] = ((isBorder ? Opaque : HalfOpaque) << 24) | ((uint)colour.B << 16) | ((uint)colour.G << 8) | colour.R;
            }
        }

        return drawing;
    }

    private static uint[,] Mark(byte[,] marks)
    {
        var drawing = new uint[marks.GetLength(0), marks.GetLength(1)];
        for (int y = 0; y < marks.GetLength(0); y++)
        {
            for (int x = 0; x < marks.GetLength(1); x++)
                drawing[y, x] = marks[y, x] == 0 ? Dark : Marked;
        }

        return drawing;
    }
}
