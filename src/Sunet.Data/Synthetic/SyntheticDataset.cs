using System.Globalization;
using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Images;

namespace Sunet.Data.Synthetic;

/// <summary>
/// Writes a small data set in the layout of PASCAL VOC to try training on. Its classes need context: the same texture belongs to one class
/// or another by the outline or the rim around it.
/// </summary>
internal static class SyntheticDataset
{
    // What the journal has in place of a folder that is converted; no path begins so.
    private const string Source = "a synthetic data set";
    private const string NameStart = "scene_";

    /// <summary>The classes' names by index.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["background", "coin", "cross", "lit gem", "dark gem", "sail"];

    /// <summary>Writes the data set. One whose writing was interrupted, even by the end of the process, is written anew.</summary>
    /// <param name="folder">Made if it is not there; what is in it must not be a data set already.</param>
    /// <param name="settings">Sizes and seed.</param>
    /// <param name="progress">Told, on the calling thread, after every image; may be null.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    /// <exception cref="DataException">The folder holds a data set already, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static void Write(string folder, SyntheticSettings settings, IProgress<DatasetProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        var target = new VocFolder(folder);
        if (target.IsThere && !ConversionJournal.IsOpen(folder, Source))
            throw new DataException($"'{folder}' holds a data set already; choose another folder.", folder);
        ConversionJournal journal = Begin(folder);
        target.Create();

        int count = settings.TrainImages + settings.ValImages;
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (image, labels) = Scene.Draw(settings, i);
            ImageWriter.WriteJpeg(target.Image(Name(i), ".jpg"), image);
            target.WriteMask(Name(i), labels);
            progress?.Report(new DatasetProgress(i + 1, count));
        }

        // An attempt that was interrupted may have had more images.
        target.RemoveAllBut(NameStart + "*", Enumerable.Range(0, count).Select(Name).ToHashSet());
        target.WriteClasses(ClassNames);
        target.WriteList("train", Enumerable.Range(0, settings.TrainImages).Select(Name));
        target.WriteList("val", Enumerable.Range(settings.TrainImages, settings.ValImages).Select(Name));
        journal.Close();
    }

    // The journal comes before all else, so that whatever a killed process leaves is known for a part of a data set of this kind.
    private static ConversionJournal Begin(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{folder}' cannot be made: {failure.Message}", folder, failure);
        }

        return ConversionJournal.Open(folder, Source);
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"{NameStart}{number:D6}");
}
