using Sunet.Data.Images;
using Sunet.Data.Tests;

namespace Sunet.Mutation.Tests.Subjects;

/// <summary>The lists, descriptions and annotations of data sets.</summary>
internal static class DatasetSubjects
{
    private const string Yaml = """
        path: .
        train: images/train
        val: images/val
        masks_dir: masks
        names:
          0: ground
          1: thing
          2: other

        """;

    private const string Coco = """
        {"info":{"year":2017},"images":[{"file_name":"000000000001.jpg","height":24,"width":32,"id":1}],"annotations":[
        {"segmentation":[[0,0,12,0,12,16,0,16]],"area":2000,"iscrowd":0,"image_id":1,"category_id":1,"id":11},
        {"segmentation":{"counts":[100,200,468],"size":[24,32]},"area":2000,"iscrowd":1,"image_id":1,"category_id":7,"id":12},
        {"segmentation":{"counts":"P3X6h>","size":[24,32]},"area":2000,"iscrowd":0,"image_id":1,"category_id":7,"id":13}],
        "categories":[{"id":7,"name":"couch"},{"id":1,"supercategory":"person","name":"person"}]}
        """;

    public static Subject[] All { get; } =
    [
        Text("VOC list", "ImageSets/Segmentation/train.txt", SoundFiles.Voc),
        Text("classes.txt", "classes.txt", SoundFiles.Voc),
        Text("labelmap.txt", "labelmap.txt", folder =>
        {
            SoundFiles.Voc(folder);
            File.Delete(Path.Combine(folder, "classes.txt"));
            SoundFiles.Text(folder, "labelmap.txt",
                "# label:color_rgb:parts:actions\nground:0,0,0::\nthing:128,0,0::\nother:0,128,0:wheel,door:\n");
        }),
        new("YAML", folder =>
        {
            MakeYaml(folder);
            return Path.Combine(folder, "data.yaml");
        }, folder => ["data", "check", Path.Combine(folder, "data.yaml"), "--quiet"]) { IsText = true, Weight = 2 },
        Text("COCO", "annotations/instances_train2017.json", MakeCoco, weight: 4),
        new("SBD MATLAB", folder =>
        {
            MakeSbd(folder);
            return Path.Combine(folder, "benchmark_RELEASE/dataset/cls/a.mat");
        }, folder => ["data", "check", Path.Combine(folder, "benchmark_RELEASE"), "--quiet"]) { Weight = 2, Megabytes = 700 },
        new("SBD MATLAB, not compressed", folder =>
        {
            MakeSbd(folder);
            return SoundFiles.Bytes(folder, "benchmark_RELEASE/dataset/cls/a.mat", TestMat.Sbd(SoundFiles.Labels(), compressed: false));
        }, folder => ["data", "check", Path.Combine(folder, "benchmark_RELEASE"), "--quiet"]) { Weight = 2, Megabytes = 700 },
        Text("ImageNet val.txt", "val.txt", folder => MakeImageNet(folder, "val.txt", "a.JPEG 0\nb.JPEG 1\n")),
        Text("ImageNet solution", "LOC_val_solution.csv",
            folder => MakeImageNet(folder, "LOC_val_solution.csv", "ImageId,PredictionString\na,n01 1 2 3 4\nb,n02 1 2 3 4\n")),
        Text("ImageNet names", "LOC_synset_mapping.txt", folder =>
        {
            MakeImageNet(folder, "val.txt", "a.JPEG 0\nb.JPEG 1\n");
            SoundFiles.Text(folder, "LOC_synset_mapping.txt", "n01 tench, Tinca tinca\nn02 goldfish\n");
        }),
        new("list of images", folder =>
        {
            SoundFiles.Weights(folder);
            ImageWriter.WriteJpeg(Path.Combine(folder, "a.jpg"), SoundFiles.Picture());
            return SoundFiles.Text(folder, "list.txt", "a.jpg\n");
        }, folder =>
        [
            "predict", "--weights", Path.Combine(folder, "weights.safetensors"), "--source", Path.Combine(folder, "list.txt"), "--project",
            folder, "--exist-ok", "--threads", "1", "--quiet",
        ]) { IsText = true, Weight = 0.5 },
        new("conversion", folder =>
        {
            MakeYaml(folder);
            return Path.Combine(folder, "data.yaml");
        }, folder => ["data", "convert", "--data", Path.Combine(folder, "data.yaml"),
            "--out", Path.Combine(folder, "out"), "--workers", "1", "--quiet"])
        {
            IsText = true,
            ChangesFolder = true,
            Weight = 0.5,
        },
    ];

    /// <summary>Writes a data set that a YAML file describes.</summary>
    public static void MakeYaml(string folder)
    {
        foreach (string name in new[] { "train/a", "train/b", "val/c" })
        {
            ImageWriter.WriteJpeg(SoundFiles.At(folder, $"images/{name}.jpg"), SoundFiles.Picture());
            IndexPngWriter.Write(SoundFiles.At(folder, $"masks/{name}.png"), SoundFiles.Labels());
        }

        SoundFiles.Text(folder, "data.yaml", Yaml);
    }

    private static void MakeCoco(string folder)
    {
        ImageWriter.WriteJpeg(SoundFiles.At(folder, "train2017/000000000001.jpg"), SoundFiles.Picture());
        ImageWriter.WriteJpeg(SoundFiles.At(folder, "val2017/000000000002.jpg"), SoundFiles.Picture());
        SoundFiles.Text(folder, "annotations/instances_train2017.json", Coco);
        SoundFiles.Text(
            folder, "annotations/instances_val2017.json", Coco.Replace("000000000001", "000000000002", StringComparison.Ordinal));
        SoundFiles.Text(folder, "classes.txt", "ground\nperson\ncouch\n");
    }

    private static void MakeSbd(string folder)
    {
        const string Root = "benchmark_RELEASE/dataset";
        foreach (string name in new[] { "a", "b" })
        {
            ImageWriter.WriteJpeg(SoundFiles.At(folder, $"{Root}/img/{name}.jpg"), SoundFiles.Picture());
            SoundFiles.Bytes(folder, $"{Root}/cls/{name}.mat", TestMat.Sbd(SoundFiles.Labels()));
        }

        SoundFiles.Text(folder, $"{Root}/train.txt", "a\n");
        SoundFiles.Text(folder, $"{Root}/val.txt", "b\n");
    }

    private static void MakeImageNet(string folder, string list, string text)
    {
        foreach (string name in new[] { "train/n01/c", "train/n02/d", "val/a", "val/b" })
            ImageWriter.WriteJpeg(SoundFiles.At(folder, $"{name}.JPEG"), SoundFiles.Picture());
        SoundFiles.Text(folder, list, text);
    }

    private static Subject Text(string name, string file, Action<string> make, double weight = 1) => new(
        name,
        folder =>
        {
            make(folder);
            return Path.Combine(folder, file);
        },
        folder => ["data", "check", folder, "--quiet"]) { IsText = true, Weight = weight };
}
