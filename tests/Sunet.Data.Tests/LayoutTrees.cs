using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

/// <summary>Plants images of 12 x 8 pixels and masks of them, in three classes unless something else is said.</summary>
internal static class LayoutTrees
{
    public const int Height = 8, Width = 12;

    public static readonly Rgb Black = new(0, 0, 0), Red = new(250, 50, 83), Cream = new(224, 224, 192), Blue = new(51, 80, 255);

    /// <summary>Vertical stripes of labels.</summary>
    public static byte[,] Stripes(params byte[] labels)
    {
        var map = new byte[Height, Width];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
                map[y, x] = labels[x * labels.Length / Width];
        }

        return map;
    }

    /// <summary>Vertical stripes of colours.</summary>
    public static Rgb[,] Stripes(params Rgb[] colours)
    {
        var image = new Rgb[Height, Width];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
                image[y, x] = colours[x * colours.Length / Width];
        }

        return image;
    }

    /// <summary>A photograph, each pixel in a colour of its own.</summary>
    public static Rgb[,] Photo(int seed)
    {
        var image = new Rgb[Height, Width];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
                image[y, x] = new Rgb((byte)(20 * x), (byte)(30 * y), (byte)((37 * seed) + x + y));
        }

        return image;
    }

    /// <summary>Writes a photograph as JPEG or PNG, as its name has it.</summary>
    public static string AddPhoto(this TestFolder folder, string path, int seed = 1)
    {
        string file = folder.At(path.Split('/'));
        if (ImageFormats.FromName(path) == ImageFormat.Png)
            ImageWriter.WritePng(file, Photo(seed));
        else
            ImageWriter.WriteJpeg(file, Photo(seed));
        return file;
    }

    /// <summary>Writes a mask of indices, as a grey PNG.</summary>
    public static string AddMask(this TestFolder folder, string path, params byte[] labels) =>
        folder.Write(TestPng.Indexed(Stripes(labels.Length == 0 ? [0, 1, 2] : labels), 8, 0), path.Split('/'));

    /// <summary>Writes a mask of colours, as PNG or JPEG.</summary>
    public static string AddColours(this TestFolder folder, string path, params Rgb[] colours)
    {
        string file = folder.At(path.Split('/'));
        if (ImageFormats.FromName(path) == ImageFormat.Png)
            ImageWriter.WritePng(file, Stripes(colours));
        else
            ImageWriter.WriteJpeg(file, Stripes(colours));
        return file;
    }

    /// <summary>A set like VOC without a list of classes: train a, b; val c; masks as told.</summary>
    public static void AddVocLike(this TestFolder folder, Action<string> addMask)
    {
        foreach (string name in new[] { "a", "b", "c" })
        {
            folder.AddPhoto($"JPEGImages/{name}.jpg", name[0]);
            addMask($"SegmentationClass/{name}.png");
        }

        folder.WriteText("a\nb\n", "ImageSets", "Segmentation", "train.txt");
        folder.WriteText("c\n", "ImageSets", "Segmentation", "val.txt");
    }

    /// <summary>Folders of images and masks: three training and two validation images.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="images">A folder with {0} for the split.</param>
    /// <param name="masks">A folder with {0} for the split.</param>
    /// <param name="addMask">Plants a mask.</param>
    /// <param name="image">How images are named, with {0} for the number.</param>
    /// <param name="mask">How masks are named.</param>
    public static void AddPairs(this TestFolder folder, string images, string masks, Action<string>? addMask = null,
        string image = "im{0}.jpg", string mask = "im{0}.png", string train = "train", string val = "val")
    {
        for (int i = 0; i < 5; i++)
        {
            string split = i < 3 ? train : val;
            folder.AddPhoto(string.Format(null, images, split) + "/" + string.Format(null, image, i), i);
            (addMask ?? (path => folder.AddMask(path)))(string.Format(null, masks, split) + "/" + string.Format(null, mask, i));
        }
    }
}
