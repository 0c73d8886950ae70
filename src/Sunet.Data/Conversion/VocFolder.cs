using System.Text;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Files;

namespace Sunet.Data.Conversion;

/// <summary>Writes a data set in the layout of PASCAL VOC, each file whole or not at all.</summary>
/// <param name="root">The data set's folder.</param>
internal sealed class VocFolder(string root)
{
    private static readonly string[] Folders = ["JPEGImages", "SegmentationClass", Path.Combine("ImageSets", "Segmentation")];

    private readonly string images = Path.Combine(root, Folders[0]);
    private readonly string masks = Path.Combine(root, Folders[1]);
    private readonly string lists = Path.Combine(root, Folders[2]);

    /// <summary>Whether there is a data set, or a part of one.</summary>
    public bool IsThere => Directory.Exists(lists) || Directory.Exists(images) || Directory.Exists(masks);

    /// <summary>The list of class names.</summary>
    public string Classes => Path.Combine(root, "classes.txt");

    /// <summary>Makes the folders, and removes from them what a killed process left half-written.</summary>
    /// <exception cref="DataException">One cannot be made, or is a symbolic link.</exception>
    public void Create()
    {
        foreach (string name in Folders)
        {
            string folder = Path.Combine(root, name);
            try
            {
                OutputFolder.RequireNoLinks(root, name);
                Directory.CreateDirectory(folder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"'{folder}' cannot be made: {failure.Message}", folder, failure);
            }

            TemporaryFile.RemoveStale(folder);
        }
    }

    /// <summary>Removes the images and masks of a pattern that are not wanted.</summary>
    /// <param name="pattern">What their names are like, such as <c>scene_*</c>.</param>
    /// <param name="wanted">The names of those that stay, without extension.</param>
    /// <exception cref="DataException">One cannot be removed.</exception>
    public void RemoveAllBut(string pattern, IReadOnlySet<string> wanted)
    {
        foreach (string folder in new[] { images, masks })
        {
            try
            {
                string[] files = Directory.GetFiles(folder, pattern);
                foreach (string file in files.Where(file => !wanted.Contains(Path.GetFileNameWithoutExtension(file))))
                    File.Delete(file);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"'{folder}' cannot be cleared: {failure.Message}", folder, failure);
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
