using Sunet.Data.Images;

namespace Sunet.Data.Datasets;

/// <summary>A folder of images and the folder of their label files, which have equal names but for how they end.</summary>
/// <param name="Images">The folder of images.</param>
/// <param name="Labels">The folder of label files.</param>
/// <param name="LabelEnding">How the names of label files end; other files there are none.</param>
/// <param name="ImageEnding">How the names of images end; null for an extension of JPEG or PNG.</param>
internal sealed record LabelFolder(string Images, string Labels, string LabelEnding = ".png", string? ImageEnding = null)
{
    /// <summary>The name an image shares with its label file; null for a file that is no image of the data set.</summary>
    public string? NameOfImage(string file)
    {
        if (ImageEnding is null)
            return ImageFormats.FromName(file) == ImageFormat.Unknown ? null : FileTree.Stem(Images, file);
        return Strip(Images, file, ImageEnding);
    }

    /// <summary>The name a label file shares with its image; null for a file that is none.</summary>
    public string? NameOfLabels(string file) => Strip(Labels, file, LabelEnding);

    private static string? Strip(string folder, string file, string ending) => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
        ? Path.GetRelativePath(folder, file[..^ending.Length]).Replace('\\', '/')
        : null;
}
