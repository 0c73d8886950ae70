using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Coco;

/// <summary>
/// A small data set in the layout of COCO: images of 8 x 6 pixels, numbered from 1, with a person (class 15) and a couch (class 18) that
/// touch on each, and a kite that no class keeps.
/// </summary>
internal sealed class CocoTree : IDisposable
{
    /// <summary>Categories that are not those of MS-COCO.</summary>
    public const string OwnCategories =
        """[{"id":90,"name":"kite"},{"id":7,"name":"couch"},{"id":1,"supercategory":"person","name":"person"}]""";

    private const string Others =
        "bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,"
        + "sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,baseball bat,"
        + "baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,"
        + "broccoli,carrot,hot dog,pizza,donut,cake,chair,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,"
        + "microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";

    private readonly TestFolder folder = new();

    public CocoTree()
    {
        Write("train", images: ImageList(1, 2), annotations: $"{Objects(1)},{Objects(2)}");
        Write("val", images: ImageList(3), annotations: Objects(3));
        foreach (int id in new[] { 1, 2 })
            AddImage("train2017", id);
        AddImage("val2017", 3);
    }

    /// <summary>The 80 categories of MS-COCO.</summary>
    public static string Categories { get; } = OwnCategories[..^1] + string.Concat(Others.Split(',').Select(Category)) + "]";

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

    public void Write(string part, string images, string annotations, string? categories = null) =>
        WriteText(part,
            $$"""{"info":{"year":2017},"images":[{{images}}],"annotations":[{{annotations}}],"categories":{{categories ?? Categories}}}""");

    public void WriteText(string part, string json) => folder.WriteText(json, "annotations", $"instances_{part}2017.json");

    /// <summary>Gives the training split one image with these annotations.</summary>
    public void WriteTrain(params string[] annotations) => Write("train", ImageList(1), string.Join(',', annotations));

    public byte[,] LoadFirst(string split = "train")
    {
        SegmentationDataset dataset = DatasetReader.Open(Root, split);
        return dataset.Load(dataset.Items[0]).Labels.ToArray();
    }

    /// <summary>Leaves the training split alone, of categories that are not MS-COCO's.</summary>
    public void MakeOwn()
    {
        File.Delete(At("annotations", "instances_val2017.json"));
        Write("train", ImageList(1, 2), $"{Objects(1)},{Objects(2)}", OwnCategories);
    }

    public void Dispose() => folder.Dispose();

    private static string Category(string name, int index) =>
        FormattableString.Invariant($$""",{"id":{{200 + index}},"name":"{{name}}"}""");
}
