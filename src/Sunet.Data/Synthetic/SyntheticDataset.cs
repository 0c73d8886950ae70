using Sunet.Data.Images;

namespace Sunet.Data.Synthetic;

/// <summary>
/// Writes a small data set in the layout of PASCAL VOC to try training on. Its classes need context: the same texture belongs to one class
/// or another by the outline or the rim around it.
/// </summary>
public static class SyntheticDataset
{
    /// <summary>The classes' names by index.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["background", "coin", "cross", "lit gem", "dark gem", "sail"];

    /// <summary>Writes the data set.</summary>
    /// <param name="folder">Made if it is not there; what is in it must not be a data set already.</param>
    /// <param name="settings">Sizes and seed.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    /// <exception cref="DataException">The folder holds a data set already, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static void Write(string folder, SyntheticSettings settings, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        string images = Path.Combine(folder, "JPEGImages"), masks = Path.Combine(folder, "SegmentationClass");
        string lists = Path.Combine(folder, "ImageSets", "Segmentation");
        if (Directory.Exists(lists) || Directory.Exists(images) || Directory.Exists(masks))
            throw new DataException($"'{folder}' holds a data set already; choose another folder.", folder);
        Create(images, masks, lists);

        int count = settings.TrainImages + settings.ValImages;
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (image, labels) = Scene.Draw(settings, i);
            ImageWriter.WriteJpeg(Path.Combine(images, Name(i) + ".jpg"), image);
            IndexPngWriter.Write(Path.Combine(masks, Name(i) + ".png"), labels);
        }

        // The lists come last: a folder that was left half-written is not taken for a data set.
        WriteLines(Path.Combine(folder, "classes.txt"), ClassNames);
        WriteLines(Path.Combine(lists, "train.txt"), Enumerable.Range(0, settings.TrainImages).Select(Name));
        WriteLines(Path.Combine(lists, "val.txt"), Enumerable.Range(settings.TrainImages, settings.ValImages).Select(Name));
    }

    private static string Name(int number) => $"scene_{number:D6}";

    private static void WriteLines(string path, IEnumerable<string> lines) =>
        AtomicFile.Write(path, System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));

    private static void Create(params ReadOnlySpan<string> folders)
    {
        foreach (string folder in folders)
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
}
