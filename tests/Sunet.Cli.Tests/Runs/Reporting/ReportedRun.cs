namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>A finished run whose classes and images have names that mean something in HTML, in JSON, or in another script.</summary>
public sealed class ReportedRun : IDisposable
{
    public const string ClassName = "</script><b>\"'&coin", ImageName = "straße\"日本'<b>";
    private readonly TemporaryFolder folder = new();

    public ReportedRun()
    {
        Data = folder["data"];
        Assert.Equal(
            0, CommandResult.Of("data", "synth", "--out", Data, "--train", "4", "--val", "3", "--size", "32x48", "--seed", "1").Code);
        string classes = Path.Combine(Data, "classes.txt"), list = Path.Combine(Data, "ImageSets", "Segmentation", "val.txt");
        string[] names = File.ReadAllLines(classes), images = File.ReadAllLines(list);
        File.WriteAllLines(classes, [names[0], ClassName, .. names[2..]]);
        File.WriteAllLines(list, [ImageName, .. images[1..]]);
        foreach ((string below, string extension) in new[] { ("JPEGImages", ".jpg"), ("SegmentationClass", ".png") })
            File.Move(Path.Combine(Data, below, images[0] + extension), Path.Combine(Data, below, ImageName + extension));
        Training = CommandResult.Of(TinyRuns.Train(Data, folder["runs"], "exp", "--epochs", "3", "--val-every", "2"));
        Assert.True(Training.Code == 0, Training.Error);
    }

    /// <summary>What the training said.</summary>
    public CommandResult Training { get; }

    /// <summary>The data set.</summary>
    public string Data { get; }

    /// <summary>The run folder.</summary>
    public string Run => folder["runs", "exp"];

    /// <summary>The report that the training wrote.</summary>
    public string Report => Path.Combine(Run, "report.html");

    /// <summary>A copy of the run folder.</summary>
    public static string Copy(string run, string destination) => TinyRuns.Copy(run, destination);

    public void Dispose() => folder.Dispose();
}
