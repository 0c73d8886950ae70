using System.Text;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Conversion;

/// <summary>Writes a data set in the layout of PASCAL VOC, each file whole or not at all.</summary>
/// <param name="root">The data set's folder.</param>
internal sealed class VocFolder(string root)
{
    private readonly string images = Path.Combine(root, "JPEGImages");
    private readonly string masks = Path.Combine(root, "SegmentationClass");
    private readonly string lists = Path.Combine(root, "ImageSets", "Segmentation");

    /// <summary>Whether there is a data set, or a part of one.</summary>
    public bool IsThere => Directory.Exists(lists) || Directory.Exists(images) || Directory.Exists(masks);

    /// <summary>The list of class names.</summary>
    public string Classes => Path.Combine(root, "classes.txt");

    /// <summary>Makes the folders.</summary>
    /// <exception cref="DataException">One cannot be made.</exception>
    public void Create()
    {
        foreach (string folder in new[] { images, masks, lists })
        {
            try
            {
                Directory.CreateDirectory(folder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"'{folder}' cannot be made: {failure.Message}", folder, failure);
            }
        }
    }

    /// <summary>Where an image lies.</summary>
    public string Image(string name, string extension) => Path.Combine(images, name + extension);

    /// <summary>Where an image's mask lies.</summary>
    public string Mask(string name) => Path.Combine(masks, name + ".png");

    /// <summary>Writes a mask.</summary>
    /// <exception cref="DataException">It cannot be written.</exception>
    public void WriteMask(string name, ReadOnlySpan2D<byte> labels) => IndexPngWriter.Write(Mask(name), labels);

    /// <summary>Writes <c>classes.txt</c>.</summary>
    /// <exception cref="DataException">It cannot be written.</exception>
    public void WriteClasses(IEnumerable<string> names) => WriteLines(Classes, names);

    /// <summary>Writes a split's list. Lists come last: a folder that was left half-written is not taken for a data set.</summary>
    /// <exception cref="DataException">It cannot be written.</exception>
    public void WriteList(string split, IEnumerable<string> names) => WriteLines(Path.Combine(lists, split + ".txt"), names);

    private static void WriteLines(string path, IEnumerable<string> lines) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
}
