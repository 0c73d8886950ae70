namespace Sunet.Data.Datasets.Coco;

/// <summary>The categories of MS-COCO as it is published.</summary>
internal static class CocoCategories
{
    private static readonly HashSet<string> Published =
    [
        "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light", "fire hydrant", "stop sign",
        "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack",
        "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
        "skateboard", "surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
        "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed",
        "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
        "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
    ];

    private static readonly Dictionary<string, string> VocNames = new(StringComparer.Ordinal)
    {
        ["airplane"] = "aeroplane",
        ["motorcycle"] = "motorbike",
        ["dining table"] = "diningtable",
        ["potted plant"] = "pottedplant",
        ["couch"] = "sofa",
        ["tv"] = "tvmonitor",
    };

    /// <summary>The names of the 80 categories.</summary>
    public static IReadOnlySet<string> Names => Published;

    /// <summary>Whether categories are those of MS-COCO: all 80, and no other.</summary>
    public static bool ArePublished(IReadOnlyList<CocoCategory> categories) => Published.SetEquals(categories.Select(c => c.Name));

    /// <summary>What PASCAL VOC calls a category.</summary>
    public static string VocName(string category) => VocNames.GetValueOrDefault(category, category);

    /// <summary>
    /// Whether a name stands for what is no object, as annotation tools write it: <c>background</c>, <c>_background_</c>.
    /// </summary>
    public static bool IsBackground(string name) => name.Trim('_', ' ').Equals("background", StringComparison.OrdinalIgnoreCase);
}
