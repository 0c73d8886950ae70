namespace Sunet.Data.Datasets.Layouts;

/// <summary>What the name of a folder says of the files in it.</summary>
/// <param name="Split">The split, such as <c>train</c>; null where it names none.</param>
/// <param name="Role">What its files are.</param>
internal readonly record struct FolderName(string? Split, FolderRole Role)
{
    private static readonly Dictionary<string, string> Splits = new(StringComparer.OrdinalIgnoreCase)
    {
        ["train"] = "train", ["training"] = "train", ["val"] = "val", ["valid"] = "val", ["validation"] = "val",
        ["test"] = "test", ["testing"] = "test",
    };

    private static readonly HashSet<string> ImageNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "image", "images", "img", "imgs", "rgb", "jpegimages", "photo", "photos", "picture", "pictures", "input", "inputs",
    };

    private static readonly HashSet<string> MaskNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "mask", "masks", "label", "labels", "gt", "groundtruth", "annotation", "annotations", "annot", "annots", "seg", "segmentation",
        "segmentations", "segmentationclass", "segmentationclasspng", "target", "targets",
    };

    /// <summary>Whether a folder is named for a part of a data set for segmentation, so that it is hardly a class.</summary>
    public static bool IsRole(string name) => Parse(name) is { Role: not FolderRole.Unknown };

    /// <summary>Reads the name of one folder, such as <c>images</c>, <c>val_masks</c> or <c>trainannot</c>.</summary>
    public static FolderName Parse(string name)
    {
        string word = name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal);
        if (Splits.TryGetValue(word, out string? whole))
            return new FolderName(whole, FolderRole.Unknown);
        if (RoleOf(word) is var role && role != FolderRole.Unknown)
            return new FolderName(null, role);
        IEnumerable<FolderName> parts =
            from split in Splits
            from rest in new[] { After(word, split.Key), Before(word, split.Key) }
            where rest is not null && RoleOf(rest) != FolderRole.Unknown
            select new FolderName(split.Value, RoleOf(rest));
        return parts.FirstOrDefault();
    }

    /// <summary>What the name of a folder says in one that is named itself, such as <c>masks/val</c>: each may tell a part.</summary>
    public FolderName Within(FolderName parent) =>
        new(Split ?? parent.Split, Role == FolderRole.Unknown ? parent.Role : Role);

    private static string? After(string word, string split) =>
        word.StartsWith(split, StringComparison.OrdinalIgnoreCase) ? word[split.Length..] : null;

    private static string? Before(string word, string split) =>
        word.EndsWith(split, StringComparison.OrdinalIgnoreCase) ? word[..^split.Length] : null;

    private static FolderRole RoleOf(string word)
    {
        if (ImageNames.Contains(word))
            return FolderRole.Images;
        return MaskNames.Contains(word) ? FolderRole.Masks : FolderRole.Unknown;
    }
}
