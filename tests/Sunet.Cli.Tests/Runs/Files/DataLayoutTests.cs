using System.Text.Json;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Files;

/// <summary>What the verbs say of data sets that are sound but not as a user may think, and of those that are in no known layout.</summary>
public sealed class DataLayoutTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const string PassedOver = "1 image is passed over in";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EveryVerb_SetWithoutListOfClasses_NotesTheNamesItTakes()
    {
        string data = runs.CopyData(folder["data"]);
        File.Delete(Path.Combine(data, "classes.txt"));
        string note =
            $"note: There is no classes.txt, labelmap.txt or class_names.txt in '{data}': the 21 class names of PASCAL VOC are assumed.";
        CommandResult train = CommandResult.Of(TinyRuns.Train(data, folder["runs"], "exp", "--iters", "1", "--dry-run", "--quiet"));
        Assert.Equal(0, train.Code);
        Assert.Equal(1, train.ErrorLines.Count(line => line == note));
        CommandResult convert = CommandResult.Of("data", "convert", "--data", data, "--out", folder["voc"], "--quiet");
        Assert.Equal((0, note), (convert.Code, Assert.Single(convert.ErrorLines)));
        CommandResult check = CommandResult.Of("data", "check", data, "--quiet");
        Assert.Equal(0, check.Code);
        Assert.Contains(note + "\n", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryVerb_ImagesOfOtherFormats_AreCountedInOneLine()
    {
        string data = Described(runs.CopyData(folder["data"]));
        File.WriteAllText(folder["data", "JPEGImages", "x.tif"], "no image");
        CommandResult train = CommandResult.Of(TinyRuns.Train(data, folder["runs"], "exp", "--iters", "1", "--dry-run"));
        CommandResult val = CommandResult.Of("val", "--data", data, "--weights", runs.Weights, "--limit", "1", "--threads", "1", "--quiet");
        CommandResult calibrate = CommandResult.Of("calibrate", "--data", data, "--weights", runs.Weights, "--out", folder["c.safetensors"],
            "--iters", "1", "--batch", "2", "--threads", "1");
        CommandResult convert = CommandResult.Of("data", "convert", "--data", data, "--out", folder["voc"]);
        Assert.All([train, val, calibrate, convert], result =>
        {
            Assert.True(result.Code == 0, result.Error);
            Assert.Equal(1, result.ErrorLines.Count(line => line.StartsWith($"note: {PassedOver}", StringComparison.Ordinal)));
        });
        CommandResult check = CommandResult.Of("data", "check", data, "--json", "--quiet");
        using JsonDocument json = JsonDocument.Parse(check.Output);
        Assert.StartsWith(
            PassedOver, Assert.Single(json.RootElement.GetProperty("notes").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_FoldersOfImagesAndMasks_PrintsTheYamlThatTrains()
    {
        string pairs = folder["pairs"];
        Copy("JPEGImages", Path.Combine(pairs, "train", "image"));
        Copy("SegmentationClass", Path.Combine(pairs, "train", "label"));
        CommandResult refused = CommandResult.Of(TinyRuns.Train(pairs, folder["runs"], "exp", "--iters", "1"));
        Assert.Equal(2, refused.Code);
        string line = Assert.Single(refused.ErrorLines);
        Assert.False(Directory.Exists(folder["runs"]));
        string yaml = Path.Combine(pairs, "data.yaml");
        File.WriteAllText(yaml, line[line.IndexOf('{', StringComparison.Ordinal)..]);
        CommandResult trained = CommandResult.Of(TinyRuns.Train(yaml, folder["runs"], "exp", "--iters", "1"));
        Assert.True(trained.Code == 0, trained.Error);
    }

    [Fact]
    public void Convert_MasksInColours_TakesAColourMap()
    {
        string data = runs.CopyData(folder["data"]);
        foreach (string mask in Directory.GetFiles(Path.Combine(data, "SegmentationClass")))
            ImageWriter.WritePng(mask, Colours(mask));
        string[] convert = ["data", "convert", "--data", data, "--out", folder["voc"], "--quiet"];
        CommandResult refused = CommandResult.Of(convert);
        Assert.Equal(2, refused.Code);
        Assert.Contains("is a colour PNG", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("'--colour-map FILE'", refused.Error, StringComparison.Ordinal);

        IEnumerable<string> lines = File.ReadAllLines(Path.Combine(data, "classes.txt"))
            .Select((name, label) => $"{name}:{label},{2 * label},{255 - label}::").Append("ignored:255,254,0::");
        File.WriteAllLines(folder["map.txt"], lines);
        CommandResult converted = CommandResult.Of([.. convert, "--exist-ok", "--colour-map", folder["map.txt"]]);
        Assert.True(converted.Code == 0, converted.Error);
        foreach (string mask in Directory.GetFiles(Path.Combine(runs.Data, "SegmentationClass")))
        {
            byte[,] labels = LabelFile.Load(folder["voc", "SegmentationClass", Path.GetFileName(mask)]).ToArray();
            Assert.Equal(LabelFile.Load(mask).ToArray(), labels);
        }

        Assert.Equal(File.ReadAllText(Path.Combine(data, "classes.txt")), File.ReadAllText(folder["voc", "classes.txt"]));
    }

    private static Rgb[,] Colours(string mask)
    {
        byte[,] labels = LabelFile.Load(mask).ToArray();
        var colours = new Rgb[labels.GetLength(0), labels.GetLength(1)];
        for (int y = 0; y < colours.GetLength(0); y++)
        {
            for (int x = 0; x < colours.GetLength(1); x++)
                colours[y, x] = new Rgb(labels[y, x], (byte)(2 * labels[y, x]), (byte)(255 - labels[y, x]));
        }

        return colours;
    }

    private void Copy(string part, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(Path.Combine(runs.Data, part)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    private static string Described(string data)
    {
        string yaml = Path.Combine(data, "data.yaml");
        IReadOnlyList<string> names = DatasetReader.Open(data, "train").ClassNames;
        File.WriteAllText(yaml, "train: JPEGImages\ntrain_masks: SegmentationClass\nval: JPEGImages\nval_masks: SegmentationClass\n"
            + $"names: [{string.Join(", ", names)}]\n");
        return yaml;
    }
}
