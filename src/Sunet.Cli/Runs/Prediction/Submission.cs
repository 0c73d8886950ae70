using CommunityToolkit.HighPerformance;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Labels;
using Sunet.Native;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Label maps as the server of a benchmark takes them.</summary>
internal sealed class Submission
{
    private const string Flag = "submission";
    private readonly string benchmark;
    private readonly int classes;
    private readonly string? nameEnd;
    private readonly byte[]? numbers;

    private Submission(string benchmark, int classes, string folder, string? nameEnd, byte[]? numbers)
    {
        this.benchmark = benchmark;
        this.classes = classes;
        this.nameEnd = nameEnd;
        this.numbers = numbers;
        Folder = folder;
    }

    /// <summary>
    /// Class indices as palette PNGs, under the path that the server of PASCAL VOC 2012 looks into for segmentation by models that have
    /// seen other data too, such as pretrained ones (competition 6).
    /// </summary>
    private static Submission Voc =>
        new("PASCAL VOC", 21, Path.Combine("results", "VOC2012", "Segmentation", "comp6_test_cls"), null, null);

    /// <summary>
    /// Label ids rather than the train ids that networks are trained with, in one folder; the server finds the maps by their city, sequence
    /// and frame, with which their names begin.
    /// </summary>
    private static Submission Cityscapes => new("Cityscapes", CityscapesClasses.Names.Count, "results", "_leftImg8bit",
        [.. Enumerable.Range(0, CityscapesClasses.Names.Count).Select(c => CityscapesClasses.ToLabelId((byte)c))]);

    /// <summary>Where maps go within the run's folder.</summary>
    public string Folder { get; }

    /// <summary>Reads the settings; null where no submission is asked for.</summary>
    /// <exception cref="ConfigurationException">There is no such benchmark, or something is asked for that is no part of it.</exception>
    public static Submission? From(SettingValues values)
    {
        if (values.TextOrNull(Flag) is null)
            return null;
        foreach (string extra in new[] { "probabilities", "overlay" })
        {
            if (values.IsGiven(extra) && values.Flag(extra))
                throw new ConfigurationException($"'--{extra}' contradicts '--{Flag}': a submission has nothing but label maps.");
        }

        return values.Choice(Flag, "voc", "cityscapes") == "voc" ? Voc : Cityscapes;
    }

    /// <summary>The name of an image's map, without extension.</summary>
    /// <exception cref="DataException">The benchmark names its images otherwise.</exception>
    public string NameOf(string image)
    {
        string stem = Path.GetFileNameWithoutExtension(image);
        if (nameEnd is null)
            return stem;
        return stem.EndsWith(nameEnd, StringComparison.Ordinal) && stem.Split('_').Length == 4
            ? stem[..^nameEnd.Length]
            : throw new DataException($"'{image}' is not named as {benchmark} does, city_sequence_frame{nameEnd}.png; "
                + "its map could not be found again.", image);
    }

    /// <summary>Refuses a model of another number of classes.</summary>
    /// <exception cref="ConfigurationException">It is another.</exception>
    public void RequireClasses(int found, string weights)
    {
        if (found != classes)
        {
            throw new ConfigurationException(
                $"'{weights}' has {Counted.Text(found, "classes")} and a submission to {benchmark} needs {classes}.");
        }
    }

    /// <summary>Turns class indices into the benchmark's own numbers.</summary>
    public void Renumber(Span2D<byte> labels)
    {
        if (numbers is null)
            return;
        foreach (ref byte label in labels)
            label = numbers[label];
    }
}
