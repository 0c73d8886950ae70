using Sunet.Native.Checkpoints;
using Sunet.Native.Models;
using Sunet.Native.Tests.Checkpoints.PyTorch;

namespace Sunet.Cli.Tests.Settings;

/// <summary>What verbs make of checkpoints: of those that are no good, and of those that have several sets of weights.</summary>
public sealed class WeightsTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("predict")]
    [InlineData("val")]
    [InlineData("export")]
    [InlineData("calibrate")]
    [InlineData("train")]
    [InlineData("info")]
    public void AnyVerb_WeightsThatAreNotFinite_NamesTheTensorAndWritesNothing(string verb)
    {
        string path = folder["nan.safetensors"];
        SunetModel model = SunetModel.Load(runs.Weights);
        model.Write("features.conv1.weight")[3] = float.NaN;
        model.Save(path);
        string[] before = Entries();
        CommandResult result = CommandResult.Of(Arguments(verb, path));
        Assert.Equal(2, result.Code);
        Assert.Contains(
            $"Tensor 'features.conv1.weight' of checkpoint '{path}' has NaN or infinity", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Entries());
    }

    /// <summary>Two sets in one file, of which the moving average is only taken if it is named; the note says which it was.</summary>
    [Theory]
    [InlineData("predict")]
    [InlineData("val")]
    [InlineData("export")]
    [InlineData("calibrate")]
    [InlineData("train")]
    [InlineData("info")]
    public void AnyVerb_CheckpointWithSeveralSets_SaysWhichItTook(string verb)
    {
        string path = SaveTwo();
        string[] arguments = Arguments(verb, path);
        string[] other = verb is "predict" or "train" ? ["--name", "other"] : [];
        CommandResult usual = CommandResult.Of(arguments), named = CommandResult.Of(
            [.. arguments, "--weights-entry", "state_dict_ema", "--weights-prefix", "module", .. other]);
        Assert.True(usual.Code == 0, usual.Error);
        Assert.True(named.Code == 0, named.Error);
        Assert.Single(usual.ErrorLines, $"note: the weights are those of the entry 'state_dict'; '{path}' also has 'state_dict_ema'");
        Assert.Single(named.ErrorLines, $"note: the weights are those of the entry 'state_dict_ema'; '{path}' also has 'state_dict'");
    }

    [Fact]
    public void Export_NamedEntry_WritesItsWeights()
    {
        string path = SaveTwo();
        CommandResult result = CommandResult.Of("export", "--weights", path, "--weights-entry", "state_dict_ema", "--format", "safetensors",
            "--out", folder["out.safetensors"]);
        Assert.True(result.Code == 0, result.Error);
        SunetModel trained = SunetModel.Load(runs.Weights), written = SunetModel.Load(folder["out.safetensors"]);
        Assert.Equal(trained.Read("final.conv1.bias").ToArray().Select(b => b + 1), written.Read("final.conv1.bias").ToArray());
    }

    [Theory]
    [InlineData("--weights-entry")]
    [InlineData("--weights-prefix")]
    public void AnyVerb_SelectionWithoutCheckpoint_IsRefused(string option)
    {
        foreach (string[] arguments in new string[][]
        {
            ["train", "--data", runs.Data, "--model", "sunet-tiny", option, "x"], ["info", "--model", "sunet-tiny", option, "x"],
        })
        {
            CommandResult result = CommandResult.Of(arguments);
            Assert.Equal(1, result.Code);
            Assert.Contains($"'{option}' says which weights of a checkpoint are meant; give it with '--weights'", result.Error,
                StringComparison.Ordinal);
        }
    }

    /// <summary>Notes that no run could have come to, with a digest that is right.</summary>
    [Theory]
    [InlineData("run.epochs", "-2147483648")]
    [InlineData("run.epochs", "2147483647")]
    [InlineData("run.epochs", "3")]
    [InlineData("run.epochs", "99999999999")]
    [InlineData("run.best_epoch", "-1")]
    [InlineData("run.best_epoch", "2147483647")]
    [InlineData("run.best_score", "Infinity")]
    [InlineData("run.loss_count", "-1")]
    [InlineData("run.loss_count", "9223372036854775807")]
    [InlineData("run.loss_sum", "NaN")]
    [InlineData("run.lr", "-Infinity")]
    [InlineData("run.seconds", "1e999")]
    [InlineData("run.seconds", "-5")]
    [InlineData("run.results", "header\n1,1,1,1,1,1,1\n1,1,1,1,1,1,1")]
    [InlineData("run.results", "header\n1,1,NaN,1,1,1,1\n2,1,1,1,1,1,1")]
    [InlineData("run.results", "header\n1,1")]
    public void Train_StateWithNotesThatCannotBe_IsADataError(string note, string value)
    {
        TinyRuns.Copy(runs.Run, folder["exp"]);
        string path = Directory.GetFiles(folder["exp", "state"]).Single(f => f.Contains("state-8", StringComparison.Ordinal));
        Dictionary<string, string> notes;
        List<SafetensorsTensor> tensors = [];
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            notes = new Dictionary<string, string>(file.Metadata) { [note] = value };
            foreach (string name in file.Names)
            {
                Assert.True(file.TryGet(name, out SafetensorsEntry? entry));
                tensors.Add(SafetensorsTensor.Floats(name, entry.Dimensions, file.Floats(name).ToArray()));
            }
        }

        SafetensorsWriter.Write(path, notes, tensors);
        CommandResult result = CommandResult.Of("train", "--resume", folder["exp"], "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains("has damaged notes: ", result.Error, StringComparison.Ordinal);
    }

    private string[] Arguments(string verb, string weights) =>
    [
        verb, "--weights", weights, .. verb switch
        {
            "predict" =>
                new[] { "--source", Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages"))[0], "--project", folder["runs"], "--quiet" },
            "val" => ["--data", runs.Data, "--limit", "1", "--quiet"],
            "export" => ["--out", folder["out.onnx"]],
            "calibrate" => ["--data", runs.Data, "--out", folder["calibrated.safetensors"], "--iters", "1", "--quiet"],
            "train" =>
            [
                "--data", runs.Data, "--imgsz", "32", "--batch", "2", "--iters",
                "1", "--project", folder["runs"], "--workers", "1", "--quiet",
            ],
            _ => ["--imgsz", "32"],
        },
    ];

    private string[] Entries() =>
        [.. Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>The run's weights, and as a moving average the same with 1 added, in the entries of a file of torch.save.</summary>
    private string SaveTwo()
    {
        SunetModel model = SunetModel.Load(runs.Weights);
        float[] trained = [.. model.Names.SelectMany(n => model.Read(n).ToArray())], averaged = [.. trained.Select(w => w + 1)];
        (string, int[])[] tensors = [.. model.Names.Select(n => ("module." + n, model.ShapeOf(n).ToArray()))];
        int count = trained.Length + averaged.Length;
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("state_dict_ema").StateDict(count, trained.Length, tensors)
            .Text("state_dict").StateDict(count, 0, tensors).Text("epoch").Number(3).Op("u.");
        string path = folder["two.pth"];
        File.WriteAllBytes(path, pickle.ToFile([.. trained, .. averaged]));
        return path;
    }
}
