using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>The classes of a flat folder of ImageNet's images, from one of the lists in circulation.</summary>
/// <remarks>
/// <c>LOC_val_solution.csv</c> of Kaggle: <c>ILSVRC2012_val_00000001,n01751748 111 108 441 193</c>. <c>val.txt</c> of Caffe:
/// <c>ILSVRC2012_val_00000001.JPEG 65</c>, counting classes from 0 in the order of their folders (or a class folder in place of the
/// number). <c>ILSVRC2012_validation_ground_truth.txt</c> of the development kit: on line i the number of the class of image i, in an order
/// of its own that <c>map_clsloc.txt</c> (<c>n02119789 1 kit_fox</c>) or else only the kit's MATLAB file knows.
/// </remarks>
internal sealed class ImageNetLabels
{
    private const string GroundTruth = "ILSVRC2012_validation_ground_truth.txt", ClassNumbers = "map_clsloc.txt";
    private readonly Dictionary<string, string> byName = new(StringComparer.Ordinal);
    private readonly string[] byNumber = [];

    private ImageNetLabels(string file, bool areIndices)
    {
        File = file;
        AreIndices = areIndices;
    }

    private ImageNetLabels(string file, string[] classes)
        : this(file, areIndices: false) => byNumber = classes;

    /// <summary>The list.</summary>
    public string File { get; }

    /// <summary>Whether classes are given by index rather than by folder.</summary>
    public bool AreIndices { get; }

    /// <summary>Whether there is any list beside a data set.</summary>
    public static bool Exist(string root) =>
        System.IO.File.Exists(Solution(root, "val")) || System.IO.File.Exists(Listed(root, "val")) || InKit(root, GroundTruth) is not null;

    /// <summary>The lists that would do, for messages.</summary>
    public static string Wanted(string split) => split == "val"
        ? $"{Path.GetFileName(Solution("", split))}, {split}.txt, or {GroundTruth} with {ClassNumbers}"
        : $"{Path.GetFileName(Solution("", split))} or {split}.txt";

    /// <summary>Reads the list of a split; null where there is none.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The flat folder.</param>
    /// <param name="images">The images in it.</param>
    /// <exception cref="DataException">A list is there and is unusable.</exception>
    public static ImageNetLabels? Find(string root, string split, int images)
    {
        string solution = Solution(root, split), listed = Listed(root, split);
        if (System.IO.File.Exists(solution))
            return ReadPairs(solution, ',', header: 1);
        if (System.IO.File.Exists(listed))
            return ReadPairs(listed, ' ', header: 0);
        return split == "val" && InKit(root, GroundTruth) is { } file ? ReadGroundTruth(root, file, images) : null;
    }

    /// <summary>
    /// The class of an image, by its name without extension or else by its place among the images; null where it has none.
    /// </summary>
    public string? ClassOf(string name, int place) => byNumber.Length > 0 ? byNumber[place] : byName.GetValueOrDefault(name);

    private static ImageNetLabels ReadPairs(string file, char separator, int header)
    {
        string[] lines = [.. TextLines.Read(file).Skip(header).Where(line => line.Length > 0)];
        (string Image, string Class)[] pairs = [.. lines.Select(line => Pair(line, separator, file))];
        var labels = new ImageNetLabels(file, pairs.All(pair => pair.Class.All(char.IsAsciiDigit)));
        foreach ((string image, string label) in pairs)
        {
            if (!labels.byName.TryAdd(Path.ChangeExtension(image, null), label))
                throw new DataException($"'{file}' has '{image}' twice.", file);
        }

        return labels;
    }

    private static (string Image, string Class) Pair(string line, char separator, string file) =>
        line.Split(separator, 2) is [{ Length: > 0 } image, var rest] && rest.Trim().Split(' ')[0] is { Length: > 0 } label
            ? (image, label)
            : throw new DataException($"'{file}' should have an image and its class on each line; it has '{line}'.", file);

    private static ImageNetLabels ReadGroundTruth(string root, string file, int images)
    {
        string map = InKit(root, ClassNumbers) ?? throw new DataException(
            $"'{file}' numbers classes in an order of its own, which '{ClassNumbers}' beside it would tell; get that file of a later "
            + "development kit, or LOC_val_solution.csv.", file);
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in TextLines.Read(map).Where(line => line.Length > 0))
        {
            if (line.Split(' ') is not [var folder, var number, ..] || !classes.TryAdd(number, folder))
            {
                throw new DataException(
                    $"'{map}' should have a class folder and its number on each line, every number once; it has '{line}'.", map);
            }
        }

        string[] numbers = [.. TextLines.Read(file).Select(line => line.Trim()).Where(line => line.Length > 0)];
        if (numbers.Length != images)
            throw new DataException($"'{file}' has {numbers.Length} labels and there are {images} images.", file);
        return new ImageNetLabels(file, [.. numbers.Select(number => classes.GetValueOrDefault(number, number))]);
    }

    private static string Solution(string root, string split) => Path.Combine(root, $"LOC_{split}_solution.csv");

    private static string Listed(string root, string split) => Path.Combine(root, split + ".txt");

    private static string? InKit(string root, string name)
    {
        string[] folders = [root, Path.Combine(root, "ILSVRC2012_devkit_t12", "data")];
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(System.IO.File.Exists);
    }
}
