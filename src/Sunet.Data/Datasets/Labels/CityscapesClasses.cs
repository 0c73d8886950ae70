using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets.Labels;

/// <summary>
/// The classes of Cityscapes: 34 label ids in its files, of which 19 are trained and evaluated under train ids (the data set's own table,
/// <c>cityscapesScripts/helpers/labels.py</c>).
/// </summary>
internal static class CityscapesClasses
{
    private const byte Ignored = LabelFile.IgnoreLabel;

    private static readonly (byte LabelId, string Name, Rgb Colour)[] Trained =
    [
        (7, "road", new Rgb(128, 64, 128)),
        (8, "sidewalk", new Rgb(244, 35, 232)),
        (11, "building", new Rgb(70, 70, 70)),
        (12, "wall", new Rgb(102, 102, 156)),
        (13, "fence", new Rgb(190, 153, 153)),
        (17, "pole", new Rgb(153, 153, 153)),
        (19, "traffic light", new Rgb(250, 170, 30)),
        (20, "traffic sign", new Rgb(220, 220, 0)),
        (21, "vegetation", new Rgb(107, 142, 35)),
        (22, "terrain", new Rgb(152, 251, 152)),
        (23, "sky", new Rgb(70, 130, 180)),
        (24, "person", new Rgb(220, 20, 60)),
        (25, "rider", new Rgb(255, 0, 0)),
        (26, "car", new Rgb(0, 0, 142)),
        (27, "truck", new Rgb(0, 0, 70)),
        (28, "bus", new Rgb(0, 60, 100)),
        (31, "train", new Rgb(0, 80, 100)),
        (32, "motorcycle", new Rgb(0, 0, 230)),
        (33, "bicycle", new Rgb(119, 11, 32)),
    ];

    private static readonly byte[] TrainIds = MakeTrainIds();
    private static readonly Rgb[] TrainColours = [.. Trained.Select(c => c.Colour)];

    /// <summary>The names of the 19 trained classes by train id.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Trained.Select(c => c.Name)];

    /// <summary>The official colours of the 19 trained classes by train id.</summary>
    public static ReadOnlySpan<Rgb> Colours => TrainColours;

    /// <summary>The largest label id there is; 255 stands for -1, the licence plate.</summary>
    internal const byte LargestLabelId = 33;

    /// <summary>The train id of a label id.</summary>
    /// <param name="labelId">As stored in <c>*_gtFine_labelIds.png</c>.</param>
    /// <returns>0 to 18, or 255 for ids that are not trained.</returns>
    public static byte ToTrainId(byte labelId) => TrainIds[labelId];

    /// <summary>The label id of a train id, as the benchmark's server wants predictions.</summary>
    /// <param name="trainId">0 to 18, or 255.</param>
    /// <returns>7 to 33, or 0 (unlabeled) for 255.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such train id.</exception>
    public static byte ToLabelId(byte trainId)
    {
        if (trainId == Ignored)
            return 0;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(trainId, Trained.Length);
        return Trained[trainId].LabelId;
    }

    private static byte[] MakeTrainIds()
    {
        var ids = new byte[256];
        Array.Fill(ids, Ignored);
        for (int i = 0; i < Trained.Length; i++)
            ids[Trained[i].LabelId] = (byte)i;
        return ids;
    }
}
