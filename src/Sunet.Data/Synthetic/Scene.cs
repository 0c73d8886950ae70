using Sunet.Data.Images;
using Sunet.Data.Randomness;
using Sunet.Native.Tensors;

namespace Sunet.Data.Synthetic;

/// <summary>A synthetic image and its labels: two or three overlapping shapes before a dim, uneven background.</summary>
internal static class Scene
{
    private const int ShapeClasses = 5;
    private const float ContourPixels = 1f;

    /// <summary>Draws the scene of a number; the same number and seed give the same scene.</summary>
    /// <returns>[H, W] each. Contours are labelled 255, as in PASCAL VOC.</returns>
    public static (Rgb[,] Image, byte[,] Labels) Draw(SyntheticSettings settings, int number)
    {
        var random = new Philox(settings.Seed, PhiloxStream.Scene, (ulong)number);
        List<SceneShape> shapes = Shapes(settings, number, ref random);
        float tilt = random.NextSingle(-30f, 30f), level = random.NextSingle(85f, 125f);
        var image = new Rgb[settings.Height, settings.Width];
        var labels = new byte[settings.Height, settings.Width];
        var noise = new Philox(settings.Seed, PhiloxStream.SceneNoise, (ulong)number);
        for (int y = 0; y < settings.Height; y++)
        {
            for (int x = 0; x < settings.Width; x++)
            {
                float grey = level + (tilt * x / settings.Width) + (12f * MathF.Sin((x + (2 * y)) * 0.11f));
                var colour = new Rgb((byte)grey, (byte)(grey + 8), (byte)(grey - 6));
                labels[y, x] = (byte)SceneClass.Background;
                foreach (SceneShape shape in shapes)
                {
                    float depth = shape.Depth(x, y);
                    if (depth >= 0)
                        (colour, labels[y, x]) = (shape.Colour(x, y, depth), (byte)shape.Kind);
                    if (MathF.Abs(depth) < ContourPixels)
                        labels[y, x] = LabelFile.IgnoreLabel;
                }

                image[y, x] = Noisy(colour, noise.NextUInt32());
            }
        }

        return (image, labels);
    }

    private static List<SceneShape> Shapes(SyntheticSettings settings, int number, ref Philox random)
    {
        const int Attempts = 30;
        var shapes = new List<SceneShape>();
        int wanted = 2 + random.NextInt32(2);
        for (int i = 0; i < wanted; i++)
        {
            // The first shapes of successive scenes go through the classes in turn, so that each is about as frequent as the others.
            int kind = 1 + (i == 0 ? number % ShapeClasses : random.NextInt32(ShapeClasses));
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                var shape = new SceneShape((SceneClass)kind, settings.Height, settings.Width, ref random);
                if (shapes.Exists(shape.Hides))
                    continue;
                shapes.Add(shape);
                break;
            }
        }

        return shapes;
    }

    private static Rgb Noisy(Rgb colour, uint bits)
    {
        return new(Shift(colour.R, bits), Shift(colour.G, bits >> 8), Shift(colour.B, bits >> 16));

        static byte Shift(byte value, uint bits) => (byte)Math.Clamp(value + (int)(bits & 15) - 7, 0, 255);
    }
}
