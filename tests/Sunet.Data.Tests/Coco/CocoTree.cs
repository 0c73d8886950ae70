using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Coco;

/// <summary>
/// A small data set in the layout of COCO: images of 8 x 6 pixels, numbered from 1, with a person (class 15) and a couch (class 18) that
/// touch on each, and a kite that no class keeps.
/// </summary>
internal sealed class CocoTree : IDisposable
{
    public const string Categories =
        """[{"id":90,"name":"kite"},{"id":7,"name":"couch"},{"id":1,"supercategory":"person","name":"person"}]""";

    private readonly TestFolder folder = new();

    public CocoTree()
    {
        Write("train", images: ImageList(1, 2), annotations: $"{Objects(1)},{Objects(2)}");
        Write("val", images: ImageList(3), annotations: Objects(3));
        foreach (int id in new[] { 1, 2 })
            AddImage("train2017", id);
        AddImage("val2017", 3);
    }

    public string Root => folder.Root;

    public string TrainFile => At("annotations", "instances_train2017.json");

    public static string ImageList(params int[] ids) =>
        string.Join(',', ids.Select(id => $$"""{"license":4,"file_name":"{{id:d12}}.png","height":6,"width":8,"id":{{id}}}"""));

    public static string Objects(int image) => string.Join(
        ',',
        Annotation((image * 10) + 1, image, 1, "[[0,0,3,0,3,6,0,6]]"),
        Annotation((image * 10) + 2, image, 7, """{"counts":[18,18,12],"size":[6,8]}"""),
        Annotation((image * 10) + 3, image, 90, "[[0,0,8,0,8,6,0,6]]"));

    public static string Annotation(int id, int image, int category, string segmentation, double area = 600, int crowd = 0) =>
        FormattableString.Invariant($$"""
            {"segmentation":{{segmentation}},"area":{{area}},"iscrowd":{{crowd}},
            "image_id":{{image}},"category_id":{{category}},"id":{{id}} }
            """);

    public string At(params string[] parts) => folder.At(parts);

    public void AddImage(string part, int id) => ImageWriter.WritePng(At(part, $"{id:d12}.png"), new Rgb[6, 8]);

    public void Write(string part, string images, string annotations, string categories = Categories) =>
        WriteText(part, $$"""{"info":{"year":2017},"images":[{{images}}],"annotations":[{{annotations}}],"categories":{{categories}}}""");

    public void WriteText(string part, string json) => folder.WriteText(json, "annotations", $"instances_{part}2017.json");

    /// <summary>Gives the training split one image with these annotations.</summary>
    public void WriteTrain(params string[] annotations) => Write("train", ImageList(1), string.Join(',', annotations));

    public byte[,] LoadFirst(string split = "train")
    {
        SegmentationDataset dataset = DatasetReader.Open(Root, split);
        return dataset.Load(dataset.Items[0]).Labels.ToArray();
    }

    public void Dispose() => folder.Dispose();
}
