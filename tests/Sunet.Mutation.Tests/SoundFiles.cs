using System.Text;
using Sunet.Data.Images;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Mutation.Tests;

/// <summary>Small sound files to begin from.</summary>
internal static class SoundFiles
{
    public const int Classes = 3;

    /// <summary>A network that compiles in no time.</summary>
    public static SunetSpec Spec { get; } = new()
    {
        Config = new SunetConfig("custom", Filters: 4, Depth: 1, [8, 8, 12, 12]) { StemWidth = 4, ResidualWidth = 8 },
        Head = SunetHead.Segmenter,
        Classes = Classes,
        ClassNames = ["ground", "thing", "other"],
        OutputStride = 16,
    };

    /// <summary>Smooth colours.</summary>
    public static Rgb[,] Picture(int height = 24, int width = 32)
    {
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)(8 * x), (byte)(10 * y), (byte)((4 * x) + (5 * y)));
        }

        return image;
    }

    /// <summary>All classes.</summary>
    public static byte[,] Labels(int height = 24, int width = 32)
    {
        var labels = new byte[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                labels[y, x] = (byte)((x / 8 + y / 8) % Classes);
        }

        return labels;
    }

    /// <summary>Writes a model; <c>weights.safetensors</c> unless it is named.</summary>
    public static string Weights(string folder, string name = "weights.safetensors")
    {
        string path = At(folder, name);
        SunetModel.Create(Spec).Save(path);
        return path;
    }

    /// <summary>A VOC data set of two training and one validation images.</summary>
    public static void Voc(string folder)
    {
        foreach (string name in new[] { "a", "b", "c" })
        {
            ImageWriter.WriteJpeg(At(folder, $"JPEGImages/{name}.jpg"), Picture());
            IndexPngWriter.Write(At(folder, $"SegmentationClass/{name}.png"), Labels());
        }

        Text(folder, "classes.txt", "ground\nthing\nother\n");
        Text(folder, "ImageSets/Segmentation/train.txt", "a\nb\n");
        Text(folder, "ImageSets/Segmentation/val.txt", "c\n");
    }

    /// <summary>Writes a text file.</summary>
    public static string Text(string folder, string name, string text)
    {
        string path = At(folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    /// <summary>Writes a file.</summary>
    public static string Bytes(string folder, string name, byte[] bytes)
    {
        string path = At(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A path in a folder that exists from then on.</summary>
    public static string At(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
