using CommunityToolkit.HighPerformance;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Hosting.Tests;

/// <summary>A network that is predicted in no time, and images for it.</summary>
internal static class TinyModel
{
    public static SunetModel Model { get; } = SunetModel.Create(new SunetSpec
    {
        Config = new SunetConfig("custom", 4, 1, [8, 12, 16, 20]) { StemWidth = 6, ResidualWidth = 8 },
        Head = SunetHead.Segmenter,
        Classes = 3,
        OutputStride = 16,
    }, seed: 5);

    /// <summary>Soft colours, others for every number.</summary>
    public static Rgb[,] Image(int number)
    {
        var image = new Rgb[32 + (8 * (number % 3)), 40 + (8 * (number % 2))];
        for (int y = 0; y < image.GetLength(0); y++)
        {
            for (int x = 0; x < image.GetLength(1); x++)
                image[y, x] = new Rgb((byte)((5 * x) + (7 * number)), (byte)((6 * y) + number), (byte)((x * y / 8) + (11 * number)));
        }

        return image;
    }

    /// <summary>Room for the labels of an image.</summary>
    public static byte[,] Labels(Rgb[,] image) => new byte[image.GetLength(0), image.GetLength(1)];

    /// <summary>Saves the network.</summary>
    /// <returns>Its file.</returns>
    public static string SaveIn(TestFolder folder)
    {
        string path = Path.Combine(folder.Root, "tiny.safetensors");
        Model.Save(path);
        return path;
    }
}
