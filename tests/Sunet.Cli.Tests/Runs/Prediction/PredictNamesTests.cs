using Sunet.Cli.Runs.Prediction;
using Sunet.Native;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>Every image that predict is given has results of its own, or none has.</summary>
public sealed class PredictNamesTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Predict_FoldersWithTheSameNames_KeepsTheFolders()
    {
        Plant("video/clipA/frame_0.jpg", "video/clipA/frame_1.jpg", "video/clipB/frame_0.jpg", "video/clipB/frame_1.jpg");
        CommandResult result = Predict(folder["video"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(["clipA/frame_0.png", "clipA/frame_1.png", "clipB/frame_0.png", "clipB/frame_1.png"], Results());
        Assert.NotEqual(
            TinyRuns.Hash(folder["runs", "exp", "clipA", "frame_0.png"]), TinyRuns.Hash(folder["runs", "exp", "clipB", "frame_0.png"]));
    }

    [Fact]
    public void Predict_OneNameInSeveralFormats_HasTheFormatInTheName()
    {
        Plant("in/a.jpg", "in/A.png", "in/b.jpg");
        Assert.Equal(0, Predict(folder["in"]).Code);
        Assert.Equal(["A_png.png", "a_jpg.png", "b.png"], Results());
    }

    [Theory]
    [InlineData("a_jpg.png", "in/a.jpg", "in/a.png", "in/a_jpg.png")]
    [InlineData("a_activations.png", "in/a.jpg", "in/a_activations.jpg")]
    public void Predict_NamesThatMeet_AreRefusedBeforeTheFirstImage(string result, params string[] images)
    {
        Plant(images);
        File.WriteAllLines(folder["list.txt"], images);
        CommandResult refused = Predict(folder["list.txt"], "--activations");
        Assert.Equal(2, refused.Code);
        Assert.Contains($"would both be written to '{result}'", refused.Error, StringComparison.Ordinal);
        Assert.Contains(folder[images[0]], refused.Error, StringComparison.Ordinal);
        Assert.Contains(folder[images[^1]], refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Theory]
    [InlineData("/in/a.jpg", "/in/A.jpg")]
    [InlineData("/in/clip/a.jpg", "/in/CLIP/a.jpg")]
    [InlineData("/in/a.png/b.jpg", "/in/a.jpg")]
    public void RequireDistinct_NamesThatAFileSystemTakesForOne_AreRefused(string first, string second)
    {
        string[] images = [first, second];
        DataException failure = Assert.Throws<DataException>(() => ResultNames.RequireDistinct(images, ResultNames.Of(images), [".png"]));
        Assert.Contains(first, failure.Message, StringComparison.Ordinal);
        Assert.Contains(second, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ImagesAnywhere_StaysBelowTheRunFolder()
    {
        Assert.Equal(["home/a", "mnt/b/c"], ResultNames.Of(["/home/a.jpg", "/mnt/b/c.jpg"]));
        Assert.Equal(["a"], ResultNames.Of(["/home/a.jpg"]));
        Assert.Equal([".jpg", "a.b"], ResultNames.Of(["/home/.jpg", "/home/a.b.png"]));
    }

    [Fact]
    public void Predict_SubmissionOfTwoImagesOfOneName_NamesBoth()
    {
        Plant("in/x/2008_000001.jpg", "in/y/2008_000001.jpg");
        CommandResult result = Predict(folder["in"], "--submission", "voc");
        Assert.Equal(2, result.Code);
        Assert.Contains(
            $"'{folder["in/x/2008_000001.jpg"]}' and '{folder["in/y/2008_000001.jpg"]}' would both",
            result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_ResultsOverTheirImages_AreRefused()
    {
        Plant("runs/exp/a.png");
        string before = TinyRuns.Hash(folder["runs/exp/a.png"]);
        CommandResult result = Predict(folder["runs/exp"], "--exist-ok");
        Assert.Equal(2, result.Code);
        Assert.Contains("would overwrite the image", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, TinyRuns.Hash(folder["runs/exp/a.png"]));
    }

    [Fact]
    public void Predict_LinkInTheRunFolder_IsNotFollowed()
    {
        Plant("in/a/x.jpg", "in/b/x.jpg");
        Directory.CreateDirectory(folder["other"]);
        Directory.CreateDirectory(folder["runs/exp"]);
        Directory.CreateSymbolicLink(folder["runs/exp/b"], folder["other"]);
        CommandResult result = Predict(folder["in"], "--exist-ok");
        Assert.Equal(2, result.Code);
        Assert.Contains($"'{folder["runs/exp/b"]}' is a symbolic link", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder["other"]));
    }

    [Fact]
    public void Predict_FolderOfSeveralFormats_CountsWhatItPassesOver()
    {
        Plant("in/a.JPG", "in/b.jfif", "in/c.jpe", "in/d.png");
        foreach (string other in new[] { "._a.jpg", "Thumbs.db", "e.tif", "f.tif", "LICENSE" })
            File.WriteAllText(folder["in", other], "no image");
        CommandResult result = Predict(folder["in"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("images 4  failed 0", result.Output, StringComparison.Ordinal);
        string line = Assert.Single(result.ErrorLines, l => l.Contains("passed over", StringComparison.Ordinal));
        Assert.StartsWith(
            "note: 5 files are passed over, being no images by name: 2 .tif, 1 without extension, 1 .db, 1 .jpg; ", line,
            StringComparison.Ordinal);
        Assert.DoesNotContain("passed over", Predict(folder["in", "a.JPG"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_ListOfVoc_FindsEveryFormat()
    {
        Plant("set/JPEGImages/a.png", "set/JPEGImages/b.jpeg", "set/JPEGImages/c.jpg");
        string list = folder["set/ImageSets/Segmentation/val.txt"];
        Directory.CreateDirectory(Path.GetDirectoryName(list)!);
        File.WriteAllText(list, "a\nb\nc\n");
        CommandResult result = Predict(list);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(["a.png", "b.png", "c.png"], Results());
    }

    [Fact]
    public void Predict_ListOfPaths_FindsImagesWithAndWithoutExtensionOnce()
    {
        Plant("set/a.png", "set/sub/b.jpeg", "set/c.v2.jpg");
        File.WriteAllText(folder["set/list.txt"], "a\r\nsub/b\nc.v2\n\n  a.png \n./a\n");
        CommandResult result = Predict(folder["set/list.txt"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(["a.png", "c.v2.png", "sub/b.png"], Results());
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("/")]
    [InlineData("noext\nnoext")]
    [InlineData("a\0b")]
    [InlineData(" \n\n")]
    public void Predict_ListOfWhatIsNoImage_IsADataError(string lines)
    {
        File.WriteAllText(folder["list.txt"], lines);
        CommandResult result = Predict(folder["list.txt"]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith("sunet: ", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    private string[] Results()
    {
        string run = folder["runs", "exp"];
        return
        [
            .. Directory.GetFiles(run, "*.png", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(run, f))
                .Order(StringComparer.Ordinal),
        ];
    }

    private CommandResult Predict(string source, params string[] more) => CommandResult.Of(
        ["predict", "--weights", runs.Weights, "--source", source, "--threads", "1", "--no-overlay", "--project", folder["runs"], .. more]);

    /// <summary>Copies of the data set's images, each another one; the name says nothing of the format.</summary>
    private void Plant(params string[] paths)
    {
        string[] images = [.. Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages")).Order(StringComparer.Ordinal)];
        for (int i = 0; i < paths.Length; i++)
        {
            string path = folder[paths[i]];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(images[i], path);
        }
    }
}
