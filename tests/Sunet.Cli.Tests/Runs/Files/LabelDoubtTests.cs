using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Files;

/// <summary>Masks of 0 and 255, and what <c>check</c>, <c>convert</c>, <c>train</c> and <c>val</c> say of a data set's labels.</summary>
public sealed class LabelDoubtTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const string Doubt =
        "warning: In the images of the split '{0}', no pixel is of the class 'lesion', and 25.00 % of the pixels are 255, which is "
        + "ignored; '--binary-masks' reads masks of 0 and 255 as background and one class.";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Train_MasksOf0And255_WarnsBeforeTheFirstStep()
    {
        string data = WriteBinary();
        CommandResult result = CommandResult.Of(TinyRuns.Train(data, folder["runs"], "exp", "--dry-run", "--quiet"));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(
            ["train", "val"],
            result.ErrorLines.Where(line => line.StartsWith("warning: ", StringComparison.Ordinal)).Select(line => line.Split('\'')[1]));
        Assert.Contains(Words("train"), result.ErrorLines);
    }

    [Fact]
    public void TrainAndVal_BinaryMasks_LearnTheClassWithoutAWarning()
    {
        string data = WriteBinary();
        CommandResult trained = CommandResult.Of(TinyRuns.Train(data, folder["runs"], "exp", "--epochs", "1", "--binary-masks"));
        Assert.True(trained.Code == 0, trained.Error);
        Assert.DoesNotContain("warning:", trained.Error, StringComparison.Ordinal);
        Assert.Contains("binary-masks: true", File.ReadAllText(folder["runs", "exp", "args.yaml"]), StringComparison.Ordinal);

        string[] val =
            ["val", "--data", data, "--weights", folder["runs", "exp", "weights", "last.safetensors"], "--threads", "1", "--quiet"];
        CommandResult measured = CommandResult.Of([.. val, "--binary-masks"]);
        Assert.Equal((0, ""), (measured.Code, measured.Error));
        Assert.Matches(@"(?m)^lesion +\d", measured.Output);

        CommandResult doubted = CommandResult.Of(val);
        Assert.Equal([Words("val")], doubted.ErrorLines);
        CommandResult strategies = CommandResult.Of([.. val, "--strategies", "single,flip"]);
        Assert.Equal([Words("val")], strategies.ErrorLines);
    }

    [Fact]
    public void Val_LimitedImages_SaysHowManyWereLookedAt()
    {
        CommandResult result = CommandResult.Of(
            "val", "--data", runs.Data, "--weights", runs.Weights, "--threads", "1", "--quiet", "--limit", "1");
        Assert.Equal(0, result.Code);
        Assert.StartsWith(
            "warning: In 1 of the 3 images of the split 'val', no pixel is of the class",
            Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_MasksOf0And255_IsAFindingThatTheSwitchCures()
    {
        string data = WriteBinary();
        CommandResult found = CommandResult.Of("data", "check", data, "--quiet");
        Assert.Equal(2, found.Code);
        Assert.Contains(Words("train")["warning: ".Length..], found.Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandResult.Of("data", "check", data, "--quiet", "--binary-masks").Code);
        CommandResult refused = CommandResult.Of("data", "check", runs.Data, "--quiet", "--binary-masks");
        Assert.Equal(1, refused.Code);
        Assert.Contains("has 6 classes; '--binary-masks' is for", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_BinaryMasks_WritesClasses()
    {
        string[] convert = ["data", "convert", "--data", WriteBinary(), "--out", folder["voc"], "--binary-masks", "--quiet"];
        Assert.Equal(0, CommandResult.Of(convert).Code);
        CommandResult check = CommandResult.Of("data", "check", folder["voc"], "--quiet");
        Assert.True(check.Code == 0, check.Output);
        Assert.Matches(@"lesion +\S+ +25\.00", check.Output);
    }

    [Fact]
    public void Check_CocoNameWithANul_IsAFindingAndNoInternalError()
    {
        Directory.CreateDirectory(folder["coco", "annotations"]);
        Directory.CreateDirectory(folder["coco", "train2017"]);
        File.WriteAllText(
            folder["coco", "annotations", "instances_train2017.json"],
            """
            {"images":[{"id":2,"file_name":"\u0000.jpg","height":6,"width":8}],"categories":[{"id":1,"name":"cat"}],
            "annotations":[{"id":3,"image_id":2,"category_id":1,"area":9,"segmentation":[[0,0,3,0,3,6]]}]}
            """);
        CommandResult result = CommandResult.Of("data", "check", folder["coco"], "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains("gives image 2 a name that no image file can have", result.Output, StringComparison.Ordinal);
        CommandResult trained = CommandResult.Of(TinyRuns.Train(folder["coco"], folder["runs"], "exp"));
        Assert.Equal(2, trained.Code);
        Assert.Contains("gives image 2 a name", Assert.Single(trained.ErrorLines), StringComparison.Ordinal);
    }

    private static string Words(string split) => Doubt.Replace("{0}", split, StringComparison.Ordinal);

    // A quarter of each mask is the object.
    private string WriteBinary()
    {
        foreach (string name in new[] { "train/a", "train/b", "val/c" })
        {
            var labels = new byte[32, 32];
            for (int i = 0; i < 256; i++)
                labels[8 + (i / 16), 8 + (i % 16)] = 255;
            string image = folder["data", "images", name + ".png"], mask = folder["data", "masks", name + ".png"];
            Directory.CreateDirectory(Path.GetDirectoryName(image)!);
            Directory.CreateDirectory(Path.GetDirectoryName(mask)!);
            ImageWriter.WritePng(image, new Rgb[32, 32]);
            IndexPngWriter.Write(mask, labels);
        }

        string yaml = folder["data", "data.yaml"];
        File.WriteAllText(yaml, "train: images/train\nval: images/val\nnames: [background, lesion]\n");
        return yaml;
    }
}
