using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// A folder of images and the folder of their label files, which have equal names but for how they end. They may be one folder, if endings
/// tell images and labels apart, or one within the other.
/// </summary>
/// <param name="Images">The folder of images.</param>
/// <param name="Labels">The folder of label files.</param>
/// <param name="LabelEnding">How the names of label files end; other files there are none.</param>
/// <param name="ImageEnding">How the names of images end; null for an extension of an image.</param>
internal sealed record LabelFolder(string Images, string Labels, string LabelEnding = ".png", string? ImageEnding = null)
{
    /// <summary>Whether it can be told which files are images and which are labels.</summary>
    public bool IsDistinct =>
        Images != Labels || !(ImageEnding ?? Path.GetExtension(LabelEnding)).Equals(LabelEnding, StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a file in the folder of images is none, as the end of a sentence.</summary>
    public string Reason =>
        ImageEnding is null ? $"images are {ImageFormats.Description} files" : $"names of images end in '{ImageEnding}'";

    /// <summary>The name an image shares with its label file; null for a file that is no image of the data set.</summary>
    public string? NameOfImage(string file)
    {
        if (ImageEnding is null)
            return ImageFormats.IsImage(file) ? FileTree.Stem(Images, file) : null;
        return Strip(Images, file, ImageEnding);
    }

    /// <summary>The name a label file shares with its image; null for a file that is none.</summary>
    public string? NameOfLabels(string file) => Strip(Labels, file, LabelEnding);

    /// <summary>Every file of the folder of images that is no label file.</summary>
    /// <param name="report">As for <see cref="FileTree.Files"/>.</param>
    public IEnumerable<string> ImageFiles(Action<string, string> report) => FileTree.Files(Images, report)
        .Where(file => Images == Labels ? !IsLabelHere(file) : !(FileTree.IsBelow(Labels, Images) && FileTree.IsBelow(file, Labels)));

    /// <summary>Every file of the folder of label files that is no image.</summary>
    /// <param name="report">As for <see cref="FileTree.Files"/>.</param>
    public IEnumerable<string> LabelFiles(Action<string, string> report) => FileTree.Files(Labels, report)
        .Where(file => Images == Labels ? IsLabelHere(file) : !(FileTree.IsBelow(Images, Labels) && FileTree.IsBelow(file, Images)));

    // Where a name ends in both, such as 'a_mask.png' in '.png' and '_mask.png', the longer ending says what it is.
    private bool IsLabelHere(string file) => file.EndsWith(LabelEnding, StringComparison.OrdinalIgnoreCase)
        && !(ImageEnding?.Length > LabelEnding.Length && file.EndsWith(ImageEnding, StringComparison.OrdinalIgnoreCase));

    private static string? Strip(string folder, string file, string ending) => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
        ? Path.GetRelativePath(folder, file[..^ending.Length]).Replace('\\', '/')
        : null;
}
