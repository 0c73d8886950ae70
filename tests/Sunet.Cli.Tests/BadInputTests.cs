using Sunet.Data.Images;

namespace Sunet.Cli.Tests;

/// <summary>What users get wrong: each time one line that says what, the right exit code, and nothing lost.</summary>
public sealed class BadInputTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("--lerning-rate", "1", "'--lerning-rate'")]
    [InlineData("--batch", "many", "'--batch' is 'many' where a whole number from 1 is needed")]
    [InlineData("--lr", "NaN", "'--lr' is 'NaN' where a number from 0 is needed")]
    [InlineData("--schedule", "linear", "one of cosine, step, poly, constant")]
    [InlineData("--imgsz", "64x", "height x width")]
    [InlineData("--iters", "5", "'--epochs' and '--iters'")]
    [InlineData("--output-stride", "4", "one of 32, 16, 8")]
    [InlineData("--momentum", "1.5", "momentum 1.5")]
    [InlineData("--batch", "9", "larger than the split 'train'")]
    [InlineData("--batch", "9", "which has 8 images; make the batch size 8 or less, or add images")]
    [InlineData("--weights", "", "'--weights' is '' where a value is needed")]
    [InlineData("--device", "gpu", "one of cpu, cuda, cuda:N, auto")]
    public void Train_WrongFlag_IsAUsageError(string flag, string value, string said)
    {
        string[] args = TinyRuns.Train(runs.Data, folder["runs"], "exp", "--epochs", "1", "--quiet");
        int at = Array.IndexOf(args, flag);
        AssertFailure(1, said, at < 0 || flag == "--iters" ? [.. args, flag, value] : [.. args[..at], flag, value, .. args[(at + 2)..]]);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public void Train_ContradictingSwitches_IsAUsageError() =>
        AssertFailure(1, "contradict", TinyRuns.Train(runs.Data, folder["runs"], "exp", "--flip", "--no-flip"));

    /// <summary>No machine has this many GPUs; one without any says that the driver is missing.</summary>
    [Fact]
    public void Train_CudaDeviceThatIsNotThere_IsADeviceError() =>
        AssertFailure(3, "GPU", TinyRuns.Train(runs.Data, folder["runs"], "exp", "--device", "cuda:99"));

    [Fact]
    public void Train_UnknownKeyInConfig_NamesIt()
    {
        File.WriteAllText(folder["args.yaml"], "data: x\nlearning_rate: 1\n");
        AssertFailure(1, "unknown key 'learning_rate'", "train", "--config", folder["args.yaml"]);
    }

    [Fact]
    public void Train_ResumeOfNothing_IsAnError() => AssertFailure(2, "no run to resume", "train", "--resume", folder["none"]);

    [Fact]
    public void Train_ResumeWithAnotherRate_IsRefused() => AssertFailure(1, "leave out '--lr'", "train", "--resume", runs.Run, "--lr", "1");

    [Theory]
    [InlineData("'--legend' is drawn below the overlay", "--legend", "--no-overlay")]
    [InlineData("'--submission' writes label maps only", "--submission", "voc", "--legend")]
    [InlineData("'--submission' writes label maps only", "--submission", "voc", "--activations")]
    public void Predict_FlagsThatContradict_AreRefused(string message, params string[] flags) =>
        AssertFailure(1, message, ["predict", "--weights", runs.Weights, "--source", runs.Data, .. flags]);

    [Fact]
    public void Train_ResumeWithoutState_IsAnError()
    {
        Directory.CreateDirectory(folder["run"]);
        File.Copy(Path.Combine(runs.Run, "args.yaml"), folder["run", "args.yaml"]);
        AssertFailure(2, "no training state to resume from", "train", "--resume", folder["run"], "--quiet");
    }

    [Fact]
    public void Train_RunFolderBelowAFile_FailsBeforeTraining()
    {
        File.WriteAllText(folder["file"], "");
        AssertFailure(2, folder["file"], TinyRuns.Train(runs.Data, folder["file", "runs"], "exp", "--quiet"));
    }

    [Fact]
    public void Train_PlanLargerThanMemory_IsRefusedWithTheBytes()
    {
        // The limit on the managed heap is what the process takes for the machine's memory: 64 MiB.
        CommandResult result = CommandResult.OfProcess(new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x4000000" },
            "train", "--data", runs.Data, "--model", "sunet-tiny", "--imgsz", "256", "--batch", "8", "--threads", "1", "--workers", "1",
            "--project", folder["runs"], "--quiet");
        Assert.Equal(4, result.Code);
        Assert.Matches(
            @"^sunet: The plan needs [0-9,]+ bytes \([^)]*\) and 67,108,864 are allowed; use a smaller batch or image\.$",
            Assert.Single(result.ErrorLines));
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Theory]
    [InlineData("val")]
    [InlineData("predict")]
    [InlineData("train")]
    public void AnyCommand_MissingCheckpoint_NamesIt(string verb) =>
        AssertFailure(2, "none.safetensors' does not exist", WithWeights(verb, folder["none.safetensors"]));

    [Theory]
    [InlineData("val")]
    [InlineData("predict")]
    [InlineData("train")]
    public void AnyCommand_TruncatedCheckpoint_NamesIt(string verb)
    {
        byte[] bytes = File.ReadAllBytes(runs.Weights);
        File.WriteAllBytes(folder["cut.safetensors"], bytes[..(bytes.Length / 2)]);
        AssertFailure(2, "cut.safetensors' is damaged", WithWeights(verb, folder["cut.safetensors"]));
    }

    [Fact]
    public void Val_CheckpointOfOtherClasses_NamesBothNumbers()
    {
        string data = runs.CopyData(folder["data"]);
        File.AppendAllText(Path.Combine(data, "classes.txt"), "another\n");
        AssertFailure(2, "has 6 classes and the data set", "val", "--data", data, "--weights", runs.Weights, "--quiet");
    }

    [Fact]
    public void Train_WeightsOfAnotherModel_NamesBoth() => AssertFailure(2, "asks for another body, sunet64",
        "train", "--data", runs.Data, "--weights", runs.Weights, "--model", "sunet64", "--quiet");

    [Theory]
    [InlineData("label", "scene_000002.png' has label 77")]
    [InlineData("mask", "but its mask")]
    [InlineData("size", "16 x 16")]
    [InlineData("jpeg", "scene_000002.jpg")]
    [InlineData("empty", "is empty")]
    [InlineData("nothing", "is not there")]
    public void Train_DamagedData_NamesTheFileAndKeepsItsState(string damage, string said)
    {
        string data = runs.CopyData(folder["data"]);
        Damage(data, damage);
        CommandResult result = AssertFailure(2, said, TinyRuns.Train(data, folder["runs"], "exp", "--epochs", "2", "--quiet"));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        if (Directory.Exists(folder["runs"]))
            Assert.True(File.Exists(folder["runs", "exp", "state", "state-0.safetensors"]));
        CommandResult check = CommandResult.Of("data", "check", data);
        Assert.Equal(2, check.Code);
        Assert.Contains(said, check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_RateThatDiverges_NamesTheStepAndKeepsTheState()
    {
        string[] args = TinyRuns.Train(runs.Data, folder["runs"], "exp", "--epochs", "5", "--quiet");
        args[Array.IndexOf(args, "--lr") + 1] = "1e30";
        CommandResult result = AssertFailure(5, "not finite", args);
        Assert.Contains("Step ", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["runs", "exp", "state", "state-0.safetensors"]));
    }

    [Fact]
    public void Predict_EmptyFolder_SaysSo()
    {
        Directory.CreateDirectory(folder["images"]);
        AssertFailure(2, "has no images", "predict", "--weights", runs.Weights, "--source", folder["images"]);
    }

    [Fact]
    public void Synth_FolderOfADataSet_IsLeftAlone()
    {
        string before = TinyRuns.Hash(Path.Combine(runs.Data, "ImageSets", "Segmentation", "train.txt"));
        AssertFailure(2, "holds a data set already", "data", "synth", "--out", runs.Data, "--train", "1");
        Assert.Equal(before, TinyRuns.Hash(Path.Combine(runs.Data, "ImageSets", "Segmentation", "train.txt")));
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("info", "--model", "sunet-tiny")]
    public void AnyCommand_BrokenNativeLibrary_IsADeviceError(params string[] args)
    {
        File.WriteAllText(folder["libsunet_cpu.so"], "no library");
        CommandResult result = CommandResult.OfProcess(new Dictionary<string, string> { ["SUNET_NATIVE_PATH"] = folder.Path }, args);
        Assert.Equal(3, result.Code);
        Assert.Contains($"{folder["libsunet_cpu.so"]} could not be loaded", result.Output + result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static void Damage(string data, string damage)
    {
        string image = Path.Combine(data, "JPEGImages", "scene_000002.jpg"),
            mask = Path.Combine(data, "SegmentationClass", "scene_000002.png");
        switch (damage)
        {
            case "label":
                var labels = new byte[32, 48];
                labels[3, 5] = 77;
                IndexPngWriter.Write(mask, labels);
                break;
            case "mask":
                File.Delete(mask);
                break;
            case "size":
                IndexPngWriter.Write(mask, new byte[16, 16]);
                break;
            case "jpeg":
                File.WriteAllBytes(image, File.ReadAllBytes(image)[..300]);
                break;
            case "empty":
                File.WriteAllText(Path.Combine(data, "ImageSets", "Segmentation", "train.txt"), "");
                break;
            default:
                Directory.Delete(data, recursive: true);
                break;
        }
    }

    private string[] WithWeights(string verb, string weights) => verb switch
    {
        "val" => ["val", "--data", runs.Data, "--weights", weights, "--quiet"],
        "predict" =>
            ["predict", "--weights", weights, "--source", Path.Combine(runs.Data, "JPEGImages"), "--project", folder["runs"], "--quiet"],
        _ => ["train", "--data", runs.Data, "--weights", weights, "--project", folder["runs"], "--quiet"],
    };

    private static CommandResult AssertFailure(int code, string said, params string[] args)
    {
        CommandResult result = CommandResult.Of(args);
        Assert.True(code == result.Code, $"returned {result.Code}: {result.Error}");
        string line = Assert.Single(result.ErrorLines);
        Assert.StartsWith("sunet: ", line, StringComparison.Ordinal);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        return result;
    }
}
