using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

/// <summary>A temporary folder with helpers to plant files; deleted with everything in it.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Root = Directory.CreateTempSubdirectory("sunet-data-").FullName;

    public string Root { get; }

    public string At(params string[] parts)
    {
        string path = Path.Combine([Root, .. parts]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    public string Write(byte[] contents, params string[] parts)
    {
        string path = At(parts);
        File.WriteAllBytes(path, contents);
        return path;
    }

    public string WriteText(string contents, params string[] parts)
    {
        string path = At(parts);
        File.WriteAllText(path, contents);
        return path;
    }

    /// <summary>A VOC data set of two classes and two training and one validation images of 6 x 4 pixels.</summary>
    public static TestFolder WithVoc()
    {
        var folder = new TestFolder();
        foreach (string name in new[] { "a", "b", "c" })
            folder.AddPair(name);
        folder.WriteText("ground\nthing\n", "classes.txt");
        folder.WriteText("a\nb\n", "ImageSets", "Segmentation", "train.txt");
        folder.WriteText("c\n", "ImageSets", "Segmentation", "val.txt");
        return folder;
    }

    public void AddPair(string name)
    {
        ImageWriter.WriteJpeg(At("JPEGImages", name + ".jpg"), new Rgb[4, 6]);
        IndexPngWriter.Write(At("SegmentationClass", name + ".png"), new byte[,]
        {
            { 0, 0, 0, 1, 1, 1 }, { 0, 0, 0, 1, 1, 1 }, { 255, 255, 255, 1, 1, 1 }, { 0, 0, 0, 1, 1, 1 },
        });
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
