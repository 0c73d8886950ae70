using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

/// <summary>Plants small data sets in the layouts of published ones: images of 3 x 2 pixels, each of another colour.</summary>
internal static class PublishedTrees
{
    public static readonly byte[,] Labels = { { 0, 1, 20 }, { 2, 2, 0 } };

    /// <summary>
    /// <c>VOCdevkit/VOC2012</c> with train a, b; val c; test t, which has no mask. Images s1, s2 are in no list, as most of VOC's are.
    /// </summary>
    public static void AddVoc(this TestFolder folder, params string[] parents)
    {
        string[] root = [.. parents, "VOCdevkit", "VOC2012"];
        foreach (string name in new[] { "a", "b", "c", "t", "s1", "s2" })
            folder.AddImage([.. root, "JPEGImages", name + ".jpg"]);
        foreach (string name in new[] { "a", "b", "c" })
            IndexPngWriter.Write(folder.At([.. root, "SegmentationClass", name + ".png"]), WithBorder());
        folder.WriteText("a\nb\n", [.. root, "ImageSets", "Segmentation", "train.txt"]);
        folder.WriteText("c\n", [.. root, "ImageSets", "Segmentation", "val.txt"]);
        folder.WriteText("t\n", [.. root, "ImageSets", "Segmentation", "test.txt"]);
    }

    /// <summary><c>benchmark_RELEASE</c> with train b, c, s1 and val s2: of VOC's splits, one image each is in it.</summary>
    public static void AddSbd(this TestFolder folder, params string[] parents)
    {
        string[] root = [.. parents, "benchmark_RELEASE", "dataset"];
        foreach (string name in new[] { "b", "c", "s1", "s2" })
        {
            folder.AddImage([.. root, "img", name + ".jpg"]);
            folder.Write(TestMat.Sbd(Labels, compressed: name != "s2"), [.. root, "cls", name + ".mat"]);
        }

        folder.WriteText("b\nc\ns1\n", [.. root, "train.txt"]);
        folder.WriteText("s2\n", [.. root, "val.txt"]);
    }

    /// <summary>Cityscapes with two images of two cities in train, one in val, one in test with a placeholder of labels.</summary>
    public static void AddCityscapes(this TestFolder folder)
    {
        foreach (string name in new[] { "train/aachen/aachen_0_0", "train/bonn/bonn_0_0", "val/ulm/ulm_0_0", "test/bern/bern_0_0" })
        {
            folder.AddImage(["leftImg8bit", .. (name + "_leftImg8bit.png").Split('/')]);
            byte[,] ids = { { 7, 33, 0 }, { 255, 26, 6 } };
            folder.Write(TestPng.Indexed(ids, 8, 0), ["gtFine", .. (name + "_gtFine_labelIds.png").Split('/')]);
            folder.Write(TestPng.Indexed(ids, 8, 0), ["gtFine", .. (name + "_gtFine_instanceIds.png").Split('/')]);
            folder.WriteText("{}", ["gtFine", .. (name + "_gtFine_polygons.json").Split('/')]);
        }
    }

    /// <summary>A YAML file with images and masks of VOC's classes; train and val have an image of one name, test has no masks.</summary>
    public static string AddYaml(this TestFolder folder)
    {
        foreach (string name in new[] { "train/x/y", "train/x_y", "val/x_y", "test/z" })
        {
            folder.AddImage(["images", .. (name + ".png").Split('/')]);
            if (!name.StartsWith("test", StringComparison.Ordinal))
                IndexPngWriter.Write(folder.At(["masks", .. (name + ".png").Split('/')]), Labels);
        }

        string names = string.Join(", ", VocClasses.Names);
        return folder.WriteText($"train: images/train\nval: images/val\ntest: images/test\nnames: [{names}]\n", "data.yaml");
    }

    /// <summary>Plants one of the above, by name.</summary>
    /// <returns>What to open.</returns>
    public static string AddPublished(this TestFolder folder, string layout)
    {
        switch (layout)
        {
            case "voc":
                folder.AddVoc();
                break;
            case "voc+sbd":
                folder.AddVoc();
                folder.AddSbd();
                break;
            case "sbd":
                folder.AddSbd();
                break;
            case "cityscapes":
                folder.AddCityscapes();
                break;
            default:
                return folder.AddYaml();
        }

        return folder.Root;
    }

    private static void AddImage(this TestFolder folder, string[] parts)
    {
        string path = folder.At(parts);
        byte grey = (byte)(string.Join('/', parts).Sum(c => c) % 256);
        var image = new Rgb[2, 3];
        image[1, 2] = new Rgb(grey, (byte)(255 - grey), 9);
        if (path.EndsWith(".png", StringComparison.Ordinal))
            ImageWriter.WritePng(path, image);
        else
            ImageWriter.WriteJpeg(path, image);
    }

    private static byte[,] WithBorder()
    {
        var labels = (byte[,])Labels.Clone();
        labels[0, 0] = 255;
        return labels;
    }
}
