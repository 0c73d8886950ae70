using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>What is wrong with one split, whatever its labels belong to.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Source">The list or folder the split is read from.</param>
internal abstract record SplitFindings(string Split, string Source)
{
    /// <summary>The images that are there.</summary>
    public abstract int ImageCount { get; }

    /// <summary>Everything that keeps an item from being complete.</summary>
    public List<DatasetFinding> Problems { get; } = [];

    /// <summary>What is probably wrong though every item can be read: findings of a check.</summary>
    public List<DatasetFinding> Doubts { get; } = [];

    /// <summary>Files of the split that are images by their names and are not read.</summary>
    public List<string> PassedOver { get; } = [];

    /// <summary>What a user should know of the split and is no defect, a sentence each.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Sums the images that are not read up as a note.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="reason">Why they are not read, as the end of a sentence.</param>
    public void NotePassedOver(string folder, string reason)
    {
        if (PassedOver.Count == 0)
            return;
        IEnumerable<string> formats = ExtensionCounts.Of(PassedOver).Select(format => $"{format.Extension} {format.Count}");
        string images = ExtensionCounts.Subject(PassedOver.Count, "image");
        Notes.Add($"{images} passed over in '{folder}' ({string.Join(", ", formats)}): {reason}.");
    }

    /// <summary>Notes a problem.</summary>
    public void Report(string path, string problem) => Problems.Add(new DatasetFinding(path, problem));

    /// <summary>Notes what is probably wrong: a finding of a check, and a note to everyone else.</summary>
    public void Doubt(string path, string problem)
    {
        Doubts.Add(new DatasetFinding(path, problem));
        Notes.Add(problem);
    }
}
