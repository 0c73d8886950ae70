using Sunet.Data.Datasets.Layouts;
using Sunet.Data.Images;
using Sunet.Native.Files;

namespace Sunet.Data.Datasets.Checking;

/// <summary>Finds files in a data set's folders that no split makes use of.</summary>
internal sealed class StrayCheck(IDatasetLayout layout, IReadOnlyList<SplitListing> listings)
{
    private readonly List<DatasetFinding> findings = [];

    // Where a split could not be read, what it lists is not known, and nothing can be said of the others.
    private readonly bool isComplete = listings.Count > 0 && listings.All(listing => listing.Images.Count > 0);
    private readonly HashSet<string> listed =
        listings.SelectMany(listing => listing.Images).Select(image => image.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Looks through all folders.</summary>
    public IReadOnlyList<DatasetFinding> Run()
    {
        foreach (LabelFolder folder in layout.Folders())
            CheckLabels(folder, CheckImages(folder));
        return findings;
    }

    /// <returns>The names of the images.</returns>
    private HashSet<string> CheckImages(LabelFolder folder)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in folder.ImageFiles(Report))
        {
            string? name = folder.NameOfImage(file);
            if (name is null)
                CheckOther(folder, file);
            else if (!names.Add(name))
                Report(file, $"'{file}' has the name of another image: only their extensions differ.");
        }

        return names;
    }

    private void CheckLabels(LabelFolder folder, HashSet<string> images)
    {
        foreach (string file in folder.LabelFiles(Report))
        {
            if (folder.NameOfLabels(file) is not { } name)
                continue;
            if (!images.Contains(name))
                Report(file, $"The mask '{file}' has no image in '{folder.Images}'.");
            else if (isComplete && !listed.Contains(name))
                Report(file, $"The mask '{file}' and its image are in no split.");
        }
    }

    private void CheckOther(LabelFolder folder, string file)
    {
        if (ImageFormats.FromName(file) != ImageFormat.Unknown)
            Report(file, $"'{file}' is not used: names of images end in '{folder.ImageEnding}'.");
        else if (Content(file) is var content && content != ImageFormat.Unknown)
            Report(file, SampleProblem.WrongExtension(file, content));
        else if (ImageFormats.IsUnreadImage(file))
            Report(file, $"'{file}' is not used: images are {ImageFormats.Description} files.");
    }

    private static ImageFormat Content(string file)
    {
        try
        {
            using var handle = RegularFile.OpenHandle(file);
            Span<byte> start = stackalloc byte[ImageFormats.SignatureLength];
            return ImageFormats.Detect(start[..RandomAccess.Read(handle, start, 0)]);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return ImageFormat.Unknown;
        }
    }

    private void Report(string path, string problem) => findings.Add(new DatasetFinding(path, problem));
}
